import Blobs
import Catalogs
import Effects
import Scheduling
import StreamsKit
import Tables
import Telemetry

@testable import Metastore
@testable import Pipelines
@testable import Streams

/// One life of the process: opens the logs, takes requests, runs every statement, until its work is done or the power goes.
///
/// Real are the log, the runner with its progress, the sink with its files, the catalog with its commits, and the
/// Metastore on SQLite. Left out are HTTP, SQL text, and the supervisor's pauses: its rule which fault is final is asked.
final class SimulatedProcess: Sendable {
    let machine: SimulatedMachine
    let metastore: Metastore
    /// Each with the statements that one runner carries.
    let pipelines: [[SimulatedStatement]]
    let planted: PlantedBugs
    let logs: [StreamLog]
    /// Nil where a lock keeps others out.
    let lease: NodeLease?
    static let leaseSeconds = 10
    private let catalog: Catalog
    private let tables: TableServices
    private let pool: MorselPool
    private let memory: SliceMemory
    private let metrics = MetricsRegistry()

    /// Opens the logs as a node does: with every reader that the Metastore knows.
    init(
        _ machine: SimulatedMachine, metastore: Metastore, pipelines: [[SimulatedStatement]],
        streams: [StreamDefinition], limits: LogLimits, planted: Set<PlantedBug>, lease: NodeLease? = nil
    ) async throws {
        self.lease = lease
        self.machine = machine
        self.metastore = metastore
        self.pipelines = pipelines
        self.planted = PlantedBugs(planted)
        let io = IOPool(handing: machine.executor.hand)
        pool = MorselPool(handing: machine.executor.hand)
        let store = SimulatedStore(machine: machine)
        catalog = Catalog(
            metastore: metastore, store: store, clock: machine.clock, randomness: machine, metrics: metrics)
        let ledger = MemoryLedger(limit: 1 << 30)
        memory = SliceMemory(ledger: ledger)
        tables = TableServices(
            store: store, caches: TableCaches(), pool: pool, ledger: ledger, clock: machine.clock,
            randomness: machine, planted: self.planted)
        var environment = LogEnvironment(
            files: machine.disk, clock: machine.clock, pool: io, metrics: metrics)
        environment.planted = self.planted
        environment.plantedPauseSeconds = 0
        environment.lease = lease?.validity ?? .lasting
        var logs: [StreamLog] = []
        for stream in streams {
            let readers = try await metastore.read { try StreamRows.readers(of: stream.id, $0) }
            let log = try StreamLog(
                opening: "streams/\(stream.id.hexDigits)", streamID: stream.id,
                landedRecord: readers.map(\.landed.record).max() ?? 0, limits: limits,
                environment: environment)
            for reader in readers { _ = try log.register(consumer: reader.consumer, landed: reader.landed) }
            logs.append(log)
        }
        self.logs = logs
    }

    func enableWarehouse() async throws { _ = try await catalog.enableWarehouse(bucket: "lake") }

    /// The log's own thread does its work some time later.
    func wakeWriter(of stream: Int) {
        let log = logs[stream]
        machine.executor.hand { log.runPending() }
    }

    /// Runs a pipeline for some turns, beginning again after faults as its supervisor would.
    ///
    /// - Returns: a fault that is final and should not be.
    func run(_ pipeline: [SimulatedStatement], turns: Int, rivals: Bool) async -> String? {
        var turns = turns
        while turns > 0, !machine.disk.isCut {
            do {
                if pipeline.count == 1 {
                    try await runOnce(try await runner(of: pipeline[0]), pipeline, &turns)
                } else {
                    try await runOnce(try await runner(of: pipeline), pipeline, &turns)
                }
                return nil
            } catch {
                turns -= 1
                if machine.disk.isCut { return nil }
                if rivals, (error as? PipelinesError)?.code == .ownershipLost { return nil }
                if PipelineSupervisor.isFinal(error) { return "\(pipeline[0].name) gives up: \(error)" }
            }
        }
        return nil
    }

    private func runner(of statement: SimulatedStatement) async throws -> PipelineRunner {
        try await PipelineRunner.start(context(of: statement), control: RunnerControl())
    }

    private func runner(of pipeline: [SimulatedStatement]) async throws -> TransactionRunner {
        try await TransactionRunner.start(pipeline.map { (context(of: $0), RunnerControl()) })
    }

    private func runOnce(
        _ started: some StatementsRunner, _ pipeline: [SimulatedStatement], _ turns: inout Int
    ) async throws {
        var runner = started
        do {
            while turns > 0, !machine.disk.isCut {
                turns -= 1
                _ = try await runner.step()
                wakeWriters(of: pipeline)
                await machine.executor.turn()
                machine.clock.advance(microseconds: Int64(machine.draw(0...900_000)))
            }
            if machine.chance(2) { try await runner.finish() }
        } catch {
            await runner.abandon()
            throw error
        }
    }

    private func wakeWriters(of pipeline: [SimulatedStatement]) {
        for stream in Set(pipeline.map(\.streamIndex)).sorted() { wakeWriter(of: stream) }
    }

    /// Lands everything that is in the logs.
    func drain(_ pipeline: [SimulatedStatement]) async throws {
        if pipeline.count == 1 {
            try await drain(try await runner(of: pipeline[0]), pipeline)
        } else {
            try await drain(try await runner(of: pipeline), pipeline)
        }
    }

    private func drain(_ started: some StatementsRunner, _ pipeline: [SimulatedStatement]) async throws {
        var runner = started
        for _ in 0..<50 {
            let outcome = try await runner.step()
            wakeWriters(of: pipeline)
            await machine.executor.turn()
            if outcome == .idle(until: nil) { return }
            machine.clock.advance(microseconds: 1_000_000)
        }
        throw SimulationFault("\(pipeline[0].name) does not come to an end")
    }

    private func context(of statement: SimulatedStatement) -> RunnerContext {
        guard let table = statement.sink.table else { preconditionFailure("sinks here are tables") }
        return RunnerContext(
            key: statement.key, pipelineName: statement.name, source: logs[statement.streamIndex],
            preparation: statement.preparation,
            sink: CatalogSink(
                catalog: catalog, definition: statement.sink, identifier: table, stream: statement.stream,
                pipelineName: statement.name, columns: statement.preparation.output, tables: tables),
            policy: statement.sink.rollingPolicy, metastore: metastore, clock: machine.clock,
            randomness: machine, pool: pool, memory: memory, trials: TrialTurns(isCareful: false),
            planted: planted, log: .silent,
            metrics: PipelineMetrics())
    }

    var statements: [SimulatedStatement] { pipelines.flatMap(\.self) }

    /// The progress of several statements at one moment.
    func progresses(of pipeline: [SimulatedStatement]) async throws -> [PipelineProgress] {
        let keys = pipeline.map(\.key)
        return try await metastore.read { transaction in
            try keys.map { key in
                guard let progress = try ProgressRows.get(key, transaction) else {
                    throw ProgressRows.gone(key)
                }
                return progress
            }
        }
    }

    /// The progress of a statement as it is stored, with the events its log has accepted.
    func stats(of statement: SimulatedStatement) async throws -> StatementStats {
        let progress = try await metastore.read { try ProgressRows.get(statement.key, $0) }
        guard let progress else { throw SimulationFault("\(statement.name) has no progress") }
        return StatementStats(
            progress: progress, acceptedEvents: logs[statement.streamIndex].status.acceptedEvents,
            stream: statement.stream.name, sink: statement.sink.name)
    }

    /// What is in a sink's table and in a stream's table of rejects.
    var landed: LandedRows { LandedRows(catalog: catalog, tables: tables) }
}

/// What a seed finds wrong.
struct SimulationFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
