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

    /// What a client reads of `current` may come back in a change of it.
    ///
    /// - Errors: `PIP-104` for the name, `PIP-105` with the JSON path; `PIP-108` for what files are not written as.
    package init(_ body: JSONValue, over current: LegacyPipelineState? = nil) throws(PipelinesError) {
        guard body.object != nil else {
            throw PipelinesError(.invalidDefinition, "a pipeline is a JSON object", ["path": "$"])
        }
        try requireKnown(Self.known, in: body)
        name = try Self.name(body["name"] ?? .null)
        let source = body["source"] ?? .null
        if let parts = current?.parts, source == .array([]), parts.isClosed {
            (http, hasBinding) = (["enabled": false], false)
        } else {
            (http, hasBinding) = try Self.source(source)
        }
        destination = try LegacyDestination(body["destination"] ?? .null, over: current?.parts?.sink)
        do throws(PipelinesError) {
            _ = try SinkDefinition(
                creating: sinkBody, id: UniqueID(high: 0, low: 0), now: Instant(microseconds: 0))
        } catch {
            throw Self.inItsWords(error)
        }
    }

    /// A fault of the sink, at the place where the client wrote it.
    private static func inItsWords(_ error: PipelinesError) -> PipelinesError {
        let places: KeyValuePairs = [
            "$.config.partitioning": "filepath", "$.config.path": "prefix",
            "$.config.file_naming": "filename",
        ]
        let path = error.context.first { $0.name == "path" }?.value ?? ""
        guard let place = places.first(where: { path.hasPrefix($0.key) }) else { return error }
        return PipelinesError(
            error.code, error.summary, ["path": "$.destination.path.\(place.value)"], hint: error.hint)
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

    /// The name of the sink in `sql`; nil for SQL that is not made here.
    static func sinkName(in sql: String) -> String? {
        (sql.wholeMatch(of: /INSERT INTO "([^"]+)" SELECT value FROM "[^"]+"/)?.1).map(String.init)
    }

    /// - Precondition: the names are those of a stream and a sink.
    static func sql(stream: String, sink: String) -> String {
        #"INSERT INTO "\#(sink)" SELECT value FROM "\#(stream)""#
    }

    private static func name(_ given: JSONValue) throws(PipelinesError) -> String {
        if let name = given.string, UniqueID(name) != nil {
            throw PipelinesError(
                .invalidName, "a pipeline's name must not read as an id", ["path": "$.name", "name": name])
        }
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
        try requireObject(source, "cors", at: path)
        // What a change leaves out takes its default again: a request is the whole pipeline.
        let origins = source["cors"]?["origins"] ?? .null
        return [
            "enabled": true, "authentication": .boolean(authentication.boolean ?? true),
            "cors": ["origins": origins.isNull ? [] : origins],
        ]
    }

    /// Nothing, or an object: what is read of another value would be a default.
    static func requireObject(
        _ json: JSONValue, _ member: String, at path: String
    ) throws(PipelinesError) {
        guard let given = json[member], !given.isNull, given.object == nil else { return }
        throw PipelinesError(
            .invalidDefinition, "it is an object",
            ["path": "\(path).\(member)", "found": given.kindName])
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
