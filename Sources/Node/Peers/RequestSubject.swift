import Octets
import Pipelines
import Wire

/// What a request is about, as far as that is on one node only.
enum RequestSubject: Equatable {
    /// By id or name.
    case stream(String)
    /// By id or name.
    case pipeline(String)
    /// SQL in the body, which reads streams.
    case sql

    /// Nil for what any node answers.
    init?(_ request: Request) {
        let path = request.pathSegments
        if request.method == "POST" || request.method == "OPTIONS" {
            if path.isEmpty {
                guard let name = Self.streamOfHost(request.headers["host"] ?? "") else { return nil }
                self = .stream(name)
                return
            }
            if path.count == 2, path[0] == "ingest", let name = PercentEncoding.decode(path[1]) {
                self = .stream(name)
                return
            }
        }
        guard path.count > 4, path[0] == "client", path[1] == "v4", path[2] == "accounts" else { return nil }
        self.init(managing: Array(path[4...]), method: request.method)
    }

    /// `{stream}.ingest.…`
    private static func streamOfHost(_ host: String) -> String? {
        let labels = host.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard labels.count == 3, labels[1] == "ingest", !labels[0].isEmpty else { return nil }
        return String(labels[0])
    }

    /// `path` is below the account.
    private init?(managing path: [String], method: String) {
        if path.count == 2, path[0] == "pipelines", let name = PercentEncoding.decode(path[1]) {
            self = .pipeline(LegacyPipeline.pipelineName(name))
            return
        }
        let isOurs = path[0] == "firn"
        // The hosted service's have a version behind their name.
        let rest = isOurs ? Array(path[1...]) : Array(path.dropFirst(2))
        guard isOurs || path.starts(with: ["pipelines", "v1"]), let noun = rest.first else { return nil }
        let isSQL = rest == ["validate_sql"] || rest == ["pipelines", "dry-run"] || rest == ["pipelines"]
        if method == "POST", isSQL {
            self = .sql
            return
        }
        guard rest.count >= 2, let name = PercentEncoding.decode(rest[1]) else { return nil }
        switch noun {
        case "streams": self = .stream(name)
        case "pipelines": self = .pipeline(name)
        default: return nil
        }
    }
}
