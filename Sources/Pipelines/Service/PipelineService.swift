package import Blobs
import Catalogs
import Effects
import Faults
package import JSONText
import Metastore
import Scheduling
import Streams
import Synchronization
import Telemetry

/// Sinks and pipelines of this node: makes them, runs them, tells how far they are.
///
/// `run` owns the tasks of all pipelines; nothing runs before it is called.
///
/// - Threads: any.
package final class PipelineService: Sendable {
    enum Command: Sendable {
        /// The statements of one pipeline.
        case start([ProgressKey: RunnerControl])
        case stop
    }

    let resources: PipelineResources
    let slots = Mutex(PipelineSlots())
    /// Pipelines whose rejects are being replayed.
    let replays = Mutex<Set<UniqueID>>([])
    /// Pipelines without SQL that are being changed or taken away.
    let legacyChanges = Mutex<Set<UniqueID>>([])
    /// Rings when the promises of files should be looked at, and when that should stop.
    private let sweeper = RunnerControl()
    private let commands: AsyncStream<Command>
    private let send: AsyncStream<Command>.Continuation

    /// When what is counted in memory was zero.
    let startedAt: Instant

    private init(_ resources: PipelineResources) {
        startedAt = resources.clock.now
        self.resources = resources
        // One command for each pipeline that starts: bounded by how many there may be.
        (commands, send) = AsyncStream.makeStream()
    }

    /// Reads the node's pipelines; what they have not landed is held in the logs by the stream registry already.
    package static func open(_ resources: PipelineResources) async throws -> PipelineService {
        let now = resources.clock.now
        let node = resources.metastore.node
        let (definitions, progresses, isCareful) = try await resources.metastore.write { transaction in
            try PipelineStore.reviveFailed(ofNode: node, transaction)
            let own = try PipelineStore.ids(ofNode: node, transaction)
            return (
                try PipelineStore.pipelines(transaction).filter { own.contains($0.id) },
                try ProgressRows.all(transaction).filter { own.contains($0.key.pipelineID) },
                try TrialRows.noteStart(at: now, node: node, transaction)
            )
        }
        var resources = resources
        resources.trials = TrialTurns(isCareful: isCareful)
        if isCareful {
            resources.log.warning("the node ended repeatedly without a stop: records are tried step by step")
        }
        // Nothing is sealed yet in this process: what no promise names is what a crash left.
        let promises = try await resources.publisher.promises()
        do { try await resources.store.discardSealed(except: Set(promises.map(\.receipt))) } catch {
            resources.log.warning(
                "bytes that nobody needs stay in the store", ["error": .string("\(error)")])
        }
        let service = PipelineService(resources)
        resources.metrics.collect("pipelines") { [weak service] in await service?.show(in: $0) }
        let keys = Dictionary(grouping: progresses.map(\.key), by: \.pipelineID)
        for definition in definitions {
            let controls = Self.controls(for: definition.status == .paused ? [] : keys[definition.id] ?? [])
            try service.slots.withLock { slots throws(PipelinesError) in
                try slots.open(definition.id, controls, isChanging: false)
            }
            service.start(controls)
        }
        return service
    }

    static func controls(for keys: [ProgressKey]) -> [ProgressKey: RunnerControl] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0, RunnerControl()) })
    }

    func start(_ controls: [ProgressKey: RunnerControl]) {
        if !controls.isEmpty { send.yield(.start(controls)) }
    }

    /// Runs the pipelines until `stop`; returns when each has committed or given up what it had open.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepPromises() }
            for await command in commands {
                switch command {
                case .start(let controls):
                    group.addTask { await PipelineTask(service: self, controls: controls).run() }
                case .stop: return
                }
            }
        }
        // What was to start after the stop never does; nobody should wait for its end.
        for control in slots.withLock({ $0.controls }) { control.noteEnded() }
        do {
            let node = resources.metastore.node
            try await resources.metastore.write { try TrialRows.noteStop(node: node, $0) }
        } catch {
            resources.log.warning("the stop was not noted", ["error": .string("\(error)")])
        }
    }

    /// Runners keep the promises of their own statements. Those of pipelines that do not run are kept here.
    private func keepPromises() async {
        let gauge = resources.metrics.gauge(
            "firn_promised_files",
            help: "Files that are counted and not shown yet, when they were last looked at")
        while !sweeper.isStopping {
            // Of several nodes one looks after what nobody runs.
            do {
                if resources.metastore.isMain { gauge.set(Int64(try await resources.publisher.sweep())) }
            } catch {
                resources.log.warning(
                    "promised files could not be looked at", ["error": .string("\(error)")])
            }
            await sweeper.wait(atMostNanoseconds: Self.sweepNanoseconds)
        }
    }

    private static let sweepNanoseconds: Int64 = 30_000_000_000

    /// What upkeep of the store must not take away.
    package func promisedFiles() async throws -> [SealedBlob] { try await resources.publisher.promises() }

    package func stop() {
        for control in slots.withLock({ $0.stop() }) { control.stop() }
        sweeper.stop()
        send.yield(.stop)
        send.finish()
    }

    /// Ends every wait for pipelines to land something: called before the servers drain.
    package func endWaits() {
        let controls = slots.withLock { slots in
            slots.isDraining = true
            return slots.controls
        }
        for control in controls { control.drain() }
    }

    func compile(_ sql: String, now: Instant) async throws -> CompiledPipeline {
        try await CompiledPipeline.compile(
            sql, now: now, streams: resources.streams, metastore: resources.metastore)
    }
}

extension PipelineService {
    package func createSink(_ body: JSONValue) async throws -> SinkDefinition {
        let sink = try SinkDefinition(
            creating: body, id: .random(from: resources.randomness), now: resources.clock.now)
        try requireNoID(sink.name, of: "sink")
        try sink.requireKnownMembers(in: body)
        try sink.checkNames(resources.catalog)
        if case .files(let place) = sink.target { try place.checkKeys(suffix: sink.format.suffix) }
        if sink.table == nil {
            // Says when there is no such bucket.
            _ = try await resources.store.list(bucket: sink.bucket, prefix: "", after: nil, limit: 1)
        } else {
            _ = try await resources.catalog.warehouse(named: sink.bucket)
        }
        try await resources.metastore.write { transaction in
            try sink.requireOwnNumbers(among: try PipelineStore.sinks(transaction))
            try PipelineStore.insert(sink, transaction)
        }
        return sink
    }

    /// Sorted by name.
    package func sinks() async throws -> [SinkDefinition] {
        try await resources.metastore.read { try PipelineStore.sinks($0) }
    }

    package func sink(_ idOrName: String) async throws -> SinkDefinition {
        try await resources.metastore.read { try PipelineStore.sink(idOrName, $0) }
    }

    package func deleteSink(_ idOrName: String) async throws {
        try await resources.metastore.write { transaction in
            try PipelineStore.delete(sink: try PipelineStore.sink(idOrName, transaction), transaction)
        }
    }
}
