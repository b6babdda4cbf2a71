package import Effects
package import JSONText
package import Metastore
import Scheduling
import Synchronization
import Telemetry

/// The streams of this node: their definitions in the Metastore, their logs below one directory.
///
/// Everything ingest needs is in memory; a change goes to the Metastore first.
///
/// - Threads: any.
package final class StreamRegistry: Sendable {
    /// A stream whose log may have failed to open: then nothing is taken, and the others go on.
    package struct OpenStream: Sendable {
        package var definition: StreamDefinition
        package var log: Result<StreamLog, StreamsError>
    }

    struct State {
        var streams: [UniqueID: OpenStream] = [:]
        var idsByName: [String: UniqueID] = [:]
        /// When the opening of a poisoned log was last begun, in monotonic nanoseconds.
        var reopenedAt: [UniqueID: Int64] = [:]
        var space: LogSpace?
        /// Of streams that are limited.
        var rates: [UniqueID: StreamRate] = [:]

        mutating func insert(_ stream: OpenStream) {
            streams[stream.definition.id] = stream
            idsByName[stream.definition.name] = stream.definition.id
        }

        /// The name may be another stream's by now: it is free before its stream is forgotten here.
        mutating func remove(_ stream: StreamDefinition) {
            streams[stream.id] = nil
            rates[stream.id] = nil
            if idsByName[stream.name] == stream.id { idsByName[stream.name] = nil }
        }
    }

    /// As many as the open files and threads of one process bear.
    package static let streamLimit = 1_000

    let directory: String
    let metastore: Metastore
    let limits: LogLimits
    let environment: LogEnvironment
    /// Whose streams these are.
    let node: String
    private let randomness: any Randomness
    let state = Mutex(State())
    let spaceMetrics: SpaceMetrics

    private init(
        directory: String, metastore: Metastore, limits: LogLimits, environment: LogEnvironment,
        randomness: any Randomness
    ) {
        self.directory = directory
        self.metastore = metastore
        self.limits = limits
        var environment = environment
        environment.lease = metastore.lease
        self.environment = environment
        node = metastore.node
        self.randomness = randomness
        spaceMetrics = SpaceMetrics(environment.metrics)
    }

    /// Opens the logs of the node's streams, below `directory/<id>`.
    package static func open(
        directory: String, metastore: Metastore, limits: LogLimits = LogLimits(), environment: LogEnvironment,
        randomness: any Randomness = LiveRandomness()
    ) async throws -> StreamRegistry {
        let registry = StreamRegistry(
            directory: directory, metastore: metastore, limits: limits, environment: environment,
            randomness: randomness)
        try await registry.removeDeletedDirectories()
        let definitions = try await metastore.read { [node = registry.node] in
            try StreamRows.all(ofNode: node, $0)
        }
        for definition in definitions {
            let log = await registry.openLog(definition)
            if case .failure(let error) = log {
                environment.log.error(
                    "a stream's log cannot be opened",
                    ["stream": .string(definition.name), "error": .string("\(error)")])
            }
            registry.insert(OpenStream(definition: definition, log: log))
        }
        await registry.measureSpace()
        return registry
    }

    func insert(_ stream: OpenStream) { state.withLock { $0.insert(stream) } }

    /// By id (32 hex digits, hyphens allowed) or by name.
    package func stream(_ idOrName: String) throws(StreamsError) -> OpenStream {
        let id = UniqueID(idOrName)
        let found = state.withLock { state in
            id.flatMap { state.streams[$0] } ?? state.idsByName[idOrName].flatMap { state.streams[$0] }
        }
        guard let found else { throw Self.notFound(idOrName) }
        return found
    }

    func stream(_ id: UniqueID) throws(StreamsError) -> OpenStream {
        guard let found = state.withLock({ $0.streams[id] }) else { throw Self.notFound(id.hexDigits) }
        return found
    }

    private static func notFound(_ idOrName: String) -> StreamsError {
        StreamsError(.streamNotFound, "no such stream", ["stream": idOrName])
    }

    /// Sorted by name.
    package var definitions: [StreamDefinition] {
        state.withLock { $0.streams.values.map(\.definition) }.sorted { $0.name < $1.name }
    }

    /// Those of other nodes too, sorted by name.
    package func allDefinitions() async throws -> [StreamDefinition] {
        guard metastore.isShared else { return definitions }
        return try await metastore.read { try StreamRows.all($0) }.sorted { $0.name < $1.name }
    }

    /// The stream is this node's.
    package func hasStream(_ idOrName: String) -> Bool {
        do throws(StreamsError) { _ = try stream(idOrName) } catch { return false }
        return true
    }

    /// The node that has the stream, by id or by name; nil when there is no such stream.
    package func node(ofStream idOrName: String) async throws -> String? {
        try await metastore.read { try StreamRows.node(of: idOrName, $0) }
    }

    /// - Errors: `nameTaken`, `invalidName`, `invalidDefinition`, and what the log says.
    package func create(_ body: JSONValue) async throws -> StreamDefinition {
        let now = environment.clock.now
        let definition = try StreamDefinition(creating: body, id: .random(from: randomness), now: now)
        try definition.requireNoID()
        try definition.requireColumnNames()
        try definition.requireOrigins()
        try StreamDefinition.requireSchema(in: body)
        try StreamDefinition.requireKnownMembers(creating: body)
        guard state.withLock({ $0.streams.count }) < Self.streamLimit else {
            throw StreamsError(.queueFull, "there are too many streams", ["limit": Self.streamLimit])
        }
        try await metastore.write { [node] in try StreamRows.insert(definition, node: node, $0) }
        // A crash before this line leaves a stream whose log is begun when it is opened next.
        let log = await openLog(definition)
        insert(OpenStream(definition: definition, log: log))
        _ = try log.get()
        return definition
    }

    /// What a change would make of the stream; nothing is changed.
    package func changed(_ idOrName: String, _ body: JSONValue) throws -> StreamDefinition {
        try stream(idOrName).definition.changed(by: body, now: environment.clock.now)
    }

    /// Whoever reads the stream has to be told of a new schema: see `PipelineService.changeStream`.
    package func change(_ idOrName: String, _ body: JSONValue) async throws -> StreamDefinition {
        let id = try stream(idOrName).definition.id
        let now = environment.clock.now
        let changed = try await metastore.write { transaction in
            let current = try StreamRows.get(id, transaction)
            let changed = try current.changed(by: body, now: now)
            try StreamRows.update(changed, transaction)
            return changed
        }
        state.withLock { state in
            // Of two changes at once the later one may be here already.
            guard let known = state.streams[id]?.definition, known.version < changed.version else { return }
            state.streams[id]?.definition = changed
        }
        return changed
    }

    /// Takes the stream and its events away. With pipelines that read it, only when `force` is set; their progress
    /// rows go with it, and they fail.
    package func delete(_ idOrName: String, force: Bool = false) async throws {
        let open = try stream(idOrName)
        let id = open.definition.id
        try await metastore.write { try StreamRows.delete(open.definition, force: force, $0) }
        state.withLock { $0.remove(open.definition) }
        if case .success(let log) = open.log { await log.close() }
        environment.metrics.forget("stream_id", id.hexDigits)
        await removeDirectory(of: id)
    }

    /// Writes what waits and ends the writers.
    package func close() async {
        for stream in state.withLock({ Array($0.streams.values) }) {
            if case .success(let log) = stream.log { await log.close() }
        }
    }
}
