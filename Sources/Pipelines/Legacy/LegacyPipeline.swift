import Effects
package import JSONText
import Streams

/// A pipeline of the hosted service's older kind, as a client describes it: no SQL; each value that comes over HTTP is a
/// line of a JSON file in a bucket.
///
/// It is made of a stream without a schema, a sink of files and a pipeline between them, which bear its name and are seen,
/// counted and paused as all others are. Nothing else is stored: what a client reads is worked out from the three.
///
///     {"name": "clicks", "source": [{"type": "http", "format": "json", "authentication": true}],
///      "destination": {"type": "r2", "format": "json", "path": {"bucket": "lake", "prefix": "raw"},
///                      "batch": {"max_bytes": 100000000, "max_duration_s": 300, "max_rows": 100000},
///                      "compression": {"type": "gzip"}}}
package struct LegacyPipeline: Sendable, Equatable {
    /// Letters, digits and dashes, at most 63.
    package let name: String
    let hasBinding: Bool
    /// `http` of the stream.
    let http: JSONValue
    let destination: LegacyDestination

    /// - Errors: `PIP-104` for the name, `PIP-105` with the JSON path; `PIP-108` for what files are not written as.
    package init(_ body: JSONValue) throws(PipelinesError) {
        guard body.object != nil else {
            throw PipelinesError(.invalidDefinition, "a pipeline is a JSON object", ["path": "$"])
        }
        try requireKnown(Self.known, in: body)
        name = try Self.name(body["name"] ?? .null)
        (http, hasBinding) = try Self.source(body["source"] ?? .null)
        destination = try LegacyDestination(body["destination"] ?? .null)
    }

    /// The name of its stream, its pipeline and its first sink: they have no dashes, and it has no underscores.
    var partName: String { Self.pipelineName(name) }

    /// What the pipeline itself is called; an id stays one.
    package static func pipelineName(_ idOrName: String) -> String {
        UniqueID(idOrName) == nil ? idOrName.replacing("-", with: "_") : idOrName
    }

    static func name(ofPipeline name: String) -> String { name.replacing("_", with: "-") }

    var streamBody: JSONValue {
        ["name": .string(partName), "http": http, "worker_binding": ["enabled": .boolean(hasBinding)]]
    }

    /// Its sink, to be made under its own name.
    package var sinkBody: JSONValue { sinkBody(named: partName) }

    func sinkBody(named name: String) -> JSONValue { destination.sinkBody(named: name) }

    /// - Precondition: the names are those of a stream and a sink.
    static func sql(stream: String, sink: String) -> String {
        #"INSERT INTO "\#(sink)" SELECT value FROM "\#(stream)""#
    }

    private static func name(_ given: JSONValue) throws(PipelinesError) -> String {
        guard let name = given.string,
            name.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?/.asciiOnlyWordCharacters())
                != nil
        else {
            throw PipelinesError(
                .invalidName,
                "such a pipeline's name is made of 1 to 63 letters, digits and dashes, the ends no dash",
                ["path": "$.name", "name": String(given.string?.prefix(80) ?? given.kindName[...])])
        }
        return name
    }

    /// `http` and whether there is a binding.
    private static func source(_ json: JSONValue) throws(PipelinesError) -> (JSONValue, Bool) {
        guard let sources = json.array, (1...2).contains(sources.count) else {
            throw refused(
                "$.source", "a pipeline has a source of the type http, one of the type binding, or both")
        }
        var http: JSONValue?
        var hasBinding = false
        for (index, source) in sources.enumerated() {
            let path = "$.source[\(index)]"
            guard source["format"]?.string == "json" else {
                throw refused(path + ".format", "events come as json")
            }
            switch source["type"]?.string {
            case "http" where http == nil:
                try requireKnown(knownHTTP, in: source, at: path)
                http = try self.http(source, path)
            case "binding" where !hasBinding:
                try requireKnown(KnownMembers(["type", "format"]), in: source, at: path)
                hasBinding = true
            case "http", "binding": throw refused(path + ".type", "a pipeline has one source of each type")
            default: throw refused(path + ".type", "a source's type is http or binding")
            }
        }
        return (http ?? ["enabled": false], hasBinding)
    }

    private static func http(_ source: JSONValue, _ path: String) throws(PipelinesError) -> JSONValue {
        let authentication = source["authentication"] ?? .null
        guard authentication.isNull || authentication.boolean != nil else {
            throw refused(path + ".authentication", "it is true or false")
        }
        // What a change leaves out takes its default again: a request is the whole pipeline.
        let origins = source["cors"]?["origins"] ?? .null
        return [
            "enabled": true, "authentication": .boolean(authentication.boolean ?? true),
            "cors": ["origins": origins.isNull ? [] : origins],
        ]
    }

    static func refused(_ path: String, _ summary: String, hint: String? = nil) -> PipelinesError {
        PipelinesError(.invalidDefinition, summary, ["path": path], hint: hint)
    }

    private static let known: KnownMembers = .members([
        ("name", .anything), ("source", .anything), ("destination", LegacyDestination.known),
        // What the service says of a pipeline comes back in a change.
        ("id", .anything), ("version", .anything), ("endpoint", .anything),
    ])
    private static let knownHTTP: KnownMembers = .members([
        ("type", .anything), ("format", .anything), ("authentication", .anything),
        ("cors", KnownMembers(["origins"])),
    ])
}
