package import Blobs
package import Catalogs
import Columnar
package import Effects
import Faults
package import JSONText
package import Metastore
import Planner
package import Scheduling
package import Streams
import Synchronization
package import Tables
package import Telemetry

/// What the pipelines of a node work with.
package struct PipelineResources: Sendable {
    package var metastore: Metastore
    package var streams: StreamRegistry
    package var catalog: Catalog
    package var store: any BlobStore
    package var caches: TableCaches
    package var pool: MorselPool
    /// What open data files hold is promised to it.
    package var ledger: MemoryLedger?
    package var clock: any Clock
    package var randomness: any Randomness
    package var metrics: MetricsRegistry
    package var log: Log
    package var planted: PlantedBugs

    package init(
        metastore: Metastore, streams: StreamRegistry, catalog: Catalog, store: any BlobStore,
        caches: TableCaches, pool: MorselPool, ledger: MemoryLedger? = nil,
        metrics: MetricsRegistry = MetricsRegistry(),
        log: Log = .silent
    ) {
        self.metastore = metastore
        self.streams = streams
        self.catalog = catalog
        self.store = store
        self.caches = caches
        self.pool = pool
        self.ledger = ledger
        self.metrics = metrics
        self.log = log
        clock = LiveClock()
        randomness = LiveRandomness()
        planted = .fromEnvironment
    }
}

/// Sinks and pipelines of this node: makes them, runs them, tells how far they are.
///
/// `run` owns the tasks of all pipelines; nothing runs before it is called.
///
/// - Threads: any.
package final class PipelineService: Sendable {
    enum Command: Sendable {
        case start(UniqueID, RunnerControl)
        case stop
    }

    let resources: PipelineResources
    let controls = Mutex<[UniqueID: RunnerControl]>([:])
    let commands: AsyncStream<Command>
    let send: AsyncStream<Command>.Continuation

    private init(_ resources: PipelineResources) {
        self.resources = resources
        // One command for each pipeline made: bounded by how many there may be.
        (commands, send) = AsyncStream.makeStream()
    }

    /// Reads all pipelines and holds the logs' trimming back for each of them, before any of them runs.
    package static func open(_ resources: PipelineResources) async throws -> PipelineService {
        let service = PipelineService(resources)
        let progresses = try await resources.metastore.read { try ProgressRows.all($0) }
        for progress in progresses {
            let control = RunnerControl()
            service.controls.withLock { $0[progress.pipelineID] = control }
            service.holdLog(progress)
            service.send.yield(.start(progress.pipelineID, control))
        }
        return service
    }

    /// A log that cannot be held is reported by the runner when it starts.
    private func holdLog(_ progress: PipelineProgress) {
        do {
            let log = try resources.streams.stream(progress.streamID.hexDigits).log.get()
            _ = try log.register(consumer: progress.pipelineID.hexDigits, landed: progress.next)
        } catch {
            resources.log.error(
                "a pipeline cannot hold its stream's log",
                ["pipeline": .string(progress.pipelineID.hexDigits), "error": .string("\(error)")])
        }
    }

    /// Runs the pipelines until `stop`; returns when each has committed or given up what it had open.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await command in commands {
                switch command {
                case .start(let id, let control):
                    group.addTask { await PipelineSupervisor(service: self, id: id, control: control).run() }
                case .stop:
                    for control in controls.withLock({ Array($0.values) }) { control.stop() }
                    return
                }
            }
        }
    }

    package func stop() {
        send.yield(.stop)
        send.finish()
    }
}

extension PipelineService {
    package func createSink(_ body: JSONValue) async throws -> SinkDefinition {
        let sink = try SinkDefinition(
            creating: body, id: .random(from: resources.randomness), now: resources.clock.now)
        _ = try await resources.catalog.warehouse(named: sink.bucket)
        try await resources.metastore.write { try PipelineStore.insert(sink, $0) }
        return sink
    }

    /// Sorted by name.
    package func sinks() async throws -> [SinkDefinition] {
        try await resources.metastore.read { try PipelineStore.sinks($0) }
    }

    package func sink(_ idOrName: String) async throws -> SinkDefinition {
        try await resources.metastore.read { try PipelineStore.sink(idOrName, $0) }
    }

    /// - Errors: `sinkInUse`.
    package func deleteSink(_ idOrName: String) async throws {
        try await resources.metastore.write { transaction in
            try PipelineStore.delete(sink: try PipelineStore.sink(idOrName, transaction), transaction)
        }
    }

    /// Compiles the SQL, begins at the oldest record the stream keeps, and starts.
    package func createPipeline(_ body: JSONValue) async throws -> PipelineDefinition {
        let id = UniqueID.random(from: resources.randomness)
        let now = resources.clock.now
        let definition = try PipelineDefinition(creating: body, id: id, now: now)
        let compiled = try await compile(definition.sql, now: now)
        let log = try resources.streams.stream(compiled.stream.id.hexDigits).log.get()
        let start = try log.registerAtOldest(consumer: id.hexDigits)
        let progress = PipelineProgress(
            pipelineID: id, sinkID: compiled.sink.id, streamID: compiled.stream.id, tableUUID: nil,
            next: start.offset, ownerEpoch: 0, commitID: nil, startEvent: start.event,
            landedEvent: start.event,
            counts: PipelineCounts())
        do {
            try await resources.metastore.write { try PipelineStore.insert(definition, progress, $0) }
        } catch {
            log.unregister(consumer: id.hexDigits)
            throw error
        }
        let control = RunnerControl()
        controls.withLock { $0[id] = control }
        send.yield(.start(id, control))
        return definition
    }

    func compile(_ sql: String, now: Instant) async throws -> CompiledPipeline {
        try await CompiledPipeline.compile(
            sql, now: now, streams: resources.streams, metastore: resources.metastore)
    }

    /// What the SQL reads and writes, when it would make a pipeline; nothing is made.
    package func validate(_ sql: String) async throws -> JSONValue {
        let compiled = try await compile(sql, now: resources.clock.now)
        let columns = compiled.program.schema.fields.map { field -> JSONValue in
            [
                "name": .string(field.name), "type": .string("\(field.type)"),
                "required": .boolean(field.isRequired),
            ]
        }
        return [
            "tables": [
                [
                    "id": .string(compiled.stream.id.hexDigits), "type": "stream",
                    "name": .string(compiled.stream.name),
                ],
                [
                    "id": .string(compiled.sink.id.hexDigits), "type": "sink",
                    "name": .string(compiled.sink.name),
                ],
            ],
            "columns": .array(columns),
        ]
    }

    /// Sorted by name.
    package func pipelines() async throws -> [PipelineDefinition] {
        try await resources.metastore.read { try PipelineStore.pipelines($0) }
    }

    package func pipeline(_ idOrName: String) async throws -> PipelineDefinition {
        try await resources.metastore.read { try PipelineStore.pipeline(idOrName, $0) }
    }

    /// The streams and sinks a pipeline connects.
    package func tables(of pipeline: PipelineDefinition) async throws -> [PipelineTable] {
        let (progress, sink) = try await resources.metastore.read { transaction in
            let progress = try ProgressRows.get(pipeline: pipeline.id, transaction)
            return (progress, try progress.map { try PipelineStore.sink($0.sinkID.hexDigits, transaction) })
        }
        guard let progress, let sink else { return [] }
        let stream = try resources.streams.stream(progress.streamID.hexDigits).definition
        return [
            PipelineTable(id: stream.id, kind: .stream, name: stream.name, version: stream.version),
            PipelineTable(id: sink.id, kind: .sink, name: sink.name, version: 1),
        ]
    }

    /// Stops the pipeline, then forgets it. Its tables stay.
    package func deletePipeline(_ idOrName: String) async throws {
        let definition = try await pipeline(idOrName)
        if let control = controls.withLock({ $0.removeValue(forKey: definition.id) }) {
            control.stop()
            await control.waitUntilEnded()
        }
        let progress = try await resources.metastore.write { transaction in
            let progress = try ProgressRows.get(pipeline: definition.id, transaction)
            try PipelineStore.delete(pipeline: definition.id, transaction)
            return progress
        }
        guard let progress else { return }
        try resources.streams.stream(progress.streamID.hexDigits).log.get().unregister(
            consumer: definition.id.hexDigits)
    }

    /// Exact at one moment: what has landed is read first, so pending is never negative.
    package func stats(_ idOrName: String) async throws -> PipelineStats {
        let progress = try await resources.metastore.read { transaction in
            let id = try PipelineStore.pipeline(idOrName, transaction).id
            return try ProgressRows.get(pipeline: id, transaction)
        }
        guard let progress else {
            throw PipelinesError(.failed, "the pipeline's stream was deleted", ["pipeline": idOrName])
        }
        let log = try resources.streams.stream(progress.streamID.hexDigits).log.get()
        return PipelineStats(progress: progress, acceptedEvents: log.status.acceptedEvents)
    }

    /// Returns when every pipeline of the stream has landed what was accepted before the call.
    ///
    /// - Errors: what a pipeline failed with.
    package func flush(stream idOrName: String) async throws {
        let stream = try resources.streams.stream(idOrName)
        let target = try stream.log.get().status.end
        let id = stream.definition.id
        let readers = try await resources.metastore.read { transaction in
            try ProgressRows.all(transaction).filter { $0.streamID == id }.map(\.pipelineID)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for control in controls.withLock({ controls in readers.compactMap { controls[$0] } }) {
                group.addTask { try await control.flush(to: target) }
            }
            try await group.waitForAll()
        }
    }
}
