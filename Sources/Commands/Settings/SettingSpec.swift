import JSONText
import Metastore
import Node
import Telemetry

/// One setting of a node: its flag, its variable, its default, and how its text becomes a value.
struct SettingSpec: Sendable {
    var flag: FlagSpec
    /// For people; what `NodeSettings` has.
    var fallback: String
    var isSecret = false
    /// What people may see of the text, where it holds a secret among other things.
    var shown: @Sendable (String) -> String = { $0 }
    var apply: @Sendable (inout NodeSettings, String) throws -> Void

    static func text(
        _ name: String, _ placeholder: String, _ summary: String, fallback: String = "",
        isSecret: Bool = false,
        variable: String? = nil, _ apply: @escaping @Sendable (inout NodeSettings, String) throws -> Void
    ) -> SettingSpec {
        let standard = "FIRN_" + name.replacing("-", with: "_").uppercased()
        return SettingSpec(
            flag: .value(name, placeholder, summary, variable: variable ?? standard), fallback: fallback,
            isSecret: isSecret, apply: apply)
    }

    private static func number(_ name: String, _ text: String, _ range: ClosedRange<Int>) throws(CommandError)
        -> Int
    {
        guard let value = Int(text), range.contains(value) else {
            throw CommandError(
                .usage, "a setting is no whole number it can be",
                ["setting": name, "value": text, "least": range.lowerBound, "most": range.upperBound])
        }
        return value
    }

    private static let proxy = SettingSpec(
        flag: FlagSpec(
            name: "behind-proxy", kind: .toggle, summary: "a proxy in front does TLS; allows any address",
            variable: "FIRN_BEHIND_PROXY"), fallback: "false"
    ) { settings, text in
        guard ["true", "false", "1", "0"].contains(text) else {
            throw CommandError(
                .usage, "a setting is true or false", ["setting": "behind-proxy", "value": text])
        }
        settings.isBehindProxy = text == "true" || text == "1"
    }

    private static let metastore: SettingSpec = {
        var spec = text(
            "metastore", "URL", "PostgreSQL database that holds the state, as postgres://USER@HOST/DATABASE",
            fallback: "metastore.db in the data directory"
        ) { settings, text in
            guard let address = PostgresAddress(text) else {
                throw CommandError(
                    .usage, "the metastore's address begins with postgres://", ["setting": "metastore"],
                    hint: "leave it out for SQLite in the data directory")
            }
            settings.metastore = address
        }
        spec.shown = { PostgresAddress($0)?.description ?? "(no address)" }
        return spec
    }()

    /// Every setting, in the order `firn config show` prints them.
    static let all = places + store + others

    private static let places: [SettingSpec] = [
        text("data", "DIR", "data directory; made when missing") { $0.dataDirectory = $1 },
        metastore,
    ]

    private static let others: [SettingSpec] = [
        text(
            "listen", "HOST:PORT", "address of the HTTP server; port 0 takes a free one",
            fallback: "127.0.0.1:8787"
        ) {
            $0.listen = try HostPort(parsing: $1)
        },
        text("s3-listen", "HOST:PORT", "address of the S3 server", fallback: "127.0.0.1:9000") {
            $0.s3Listen = try HostPort(parsing: $1)
        },
        text("public-url", "URL", "what clients are told instead of the HTTP address") {
            $0.publicURL = $1
        },
        text("s3-public-url", "URL", "what clients are told instead of the S3 address") {
            $0.s3PublicURL = $1
        },
        proxy,
        text("tls-cert", "FILE", "PEM certificate chain, leaf first; read again at SIGHUP") {
            $0.tlsCertificatePath = $1
        },
        text("tls-key", "FILE", "PEM key of the certificate") { $0.tlsKeyPath = $1 },
        text("account", "ID", "account id in paths and warehouse names", fallback: "local") {
            $0.account = $1
        },
        text(
            "admin-token", "ID:VALUE",
            "administrator token instead of a made one; takes the place of what it was at the last start",
            isSecret: true
        ) {
            let parts = $1.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw CommandError(
                    .usage, "the administrator token is ID:VALUE", ["setting": "admin-token"])
            }
            $0.adminToken = $1
        },
        text("log-level", "LEVEL", "debug, info, warning or error", fallback: "info") { settings, text in
            guard let level = LogLevel(name: text) else {
                throw CommandError(
                    .usage, "no such log level", ["value": text],
                    hint: "levels are debug, info, warning and error")
            }
            settings.logLevel = level
        },
        text(
            "memory-bytes", "N", "memory for queries, pipelines and caches together",
            fallback: "half the machine's"
        ) {
            $0.memoryBytes = try number("memory-bytes", $1, (64 << 20)...Int.max)
        },
        text(
            "query-memory", "N", "bytes one query may hold; more goes to disk",
            fallback: "a quarter of the machine's"
        ) {
            $0.queryMemoryBytes = try number("query-memory", $1, (1 << 20)...Int.max)
        },
        text(
            "spill-bytes", "N", "bytes on disk that queries may put aside together",
            fallback: "\(64 << 30)"
        ) {
            $0.spillBytes = try number("spill-bytes", $1, 0...(1 << 50))
        },
        text("worker-threads", "N", "threads that compute", fallback: "one a core") {
            $0.workerThreads = try number("worker-threads", $1, 1...1024)
        },
        text(
            "slow-query-ms", "N", "statements that take longer are logged with their plan; 0 for none",
            fallback: "10000"
        ) {
            $0.slowQueryMilliseconds = try number("slow-query-ms", $1, 0...86_400_000)
        },
        text(
            "lease-seconds", "N", "how long a node is kept for a process that does not renew its lease",
            fallback: "10"
        ) {
            $0.leaseSeconds = try number("lease-seconds", $1, 2...3600)
        },
        text("node-url", "URL", "where other nodes of the database reach this one") { $0.nodeURL = $1 },
        text("drain-seconds", "N", "how long running requests have at the end", fallback: "20") {
            $0.drainSeconds = try number("drain-seconds", $1, 0...86_400)
        },
        text(
            "ingest-body-bytes", "N", "largest ingest request, at most 33554432", fallback: "\(5 << 20)"
        ) {
            // A request is one record of its stream's log.
            $0.ingestBodyBytes = try number("ingest-body-bytes", $1, 1024...(32 << 20))
        },
        text(
            "scrub-bytes", "N", "stored bytes read back and checked each second; 0: none",
            fallback: "\(4 << 20)"
        ) {
            $0.scrubBytes = Int64(try number("scrub-bytes", $1, 0...(1 << 40)))
        },
        text(
            "unfinished-upload-bytes", "N", "what multipart uploads may hold before they are completed",
            fallback: "\(1 << 40)"
        ) {
            $0.unfinishedUploadBytes = Int64(try number("unfinished-upload-bytes", $1, 0...(1 << 60)))
        },
        text("log-segment-bytes", "N", "when a stream's log begins a new file", fallback: "\(64 << 20)") {
            $0.logSegmentBytes = try number("log-segment-bytes", $1, 1024...(1 << 40))
        },
        text(
            "log-replay-window-bytes", "N", "how much of what has landed a stream's log keeps",
            fallback: "\(512 << 20)"
        ) {
            $0.logReplayWindowBytes = try number("log-replay-window-bytes", $1, 0...(1 << 50))
        },
        text(
            "log-backlog-bytes", "N",
            "how much a stream accepts before it has landed; then producers get 429",
            fallback: "\(4 << 30)"
        ) {
            $0.logBacklogBytes = try number("log-backlog-bytes", $1, 1024...(1 << 50))
        },
        text(
            "log-reserve-bytes", "N",
            "with less free on the streams' disk producers get 503: landing needs the rest; 0 for none",
            fallback: "a tenth of the disk, at most \(256 << 20)"
        ) {
            $0.logReserveBytes = try number("log-reserve-bytes", $1, 0...(1 << 50))
        },
        text(
            "fault", "NAME:COUNT", "kills the process at a named point, for tests", variable: "FIRN_FAULT"
        ) {
            $0.faultPoint = $1
        },
    ]

    /// A setting's text and where it comes from.
    func effective(_ invocation: Invocation) -> (text: String, origin: String) {
        if let given = invocation.arguments.flags[flag.name]?.last { return (given, "flag --\(flag.name)") }
        if let variable = flag.variable, let value = invocation.environment[variable], !value.isEmpty {
            return (value, "environment \(variable)")
        }
        if let value = invocation.file[flag.name] { return (value.text, value.origin) }
        return (fallback, "default")
    }

    static func settings(_ invocation: Invocation) throws -> NodeSettings {
        try SettingVariables.check(invocation.environment)
        var settings = NodeSettings(dataDirectory: "")
        for spec in all {
            let (text, origin) = spec.effective(invocation)
            guard origin != "default" else { continue }
            do {
                try spec.apply(&settings, text)
            } catch let error as NodeError {
                throw CommandError(
                    .usage, error.summary,
                    ["value": spec.isSecret ? "(hidden)" : spec.shown(text), "from": origin], hint: error.hint
                )
            }
        }
        settings.store?.takeAmazons(from: invocation.environment)
        return settings
    }
}
