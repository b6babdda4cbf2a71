import Columnar
import Effects
import FileFormats
import Metastore
import Scheduling
import Streams
import Telemetry
import TestKit

@testable import Pipelines

/// A stream, a pipeline and a sink of their own, for one test.
final class PipelineBench {
    let directory: TemporaryDirectory
    let metastore: Metastore
    let sink: MemorySink
    /// Where runners land instead of `sink`.
    var otherSink: (any SinkTable)?
    let clock = ManualClock()
    let streamID = UniqueID(high: 9, low: 9)
    let key = ProgressKey(
        pipelineID: UniqueID(high: 8, low: 8), sinkID: UniqueID(high: 7, low: 7),
        streamID: UniqueID(high: 9, low: 9))
    var pipelineID: UniqueID { key.pipelineID }
    private(set) var log: StreamLog
    let morsels = MorselPool(threads: 1)
    private let pool = IOPool(name: "pipelines", threads: 2)
    var planted: Set<PlantedBug> = []
    var isCareful = false
    var memory = SliceMemory(ledger: MemoryLedger(limit: 1 << 30))
    var transform: any RowTransform = TestTransform()
    /// Small ones cut records into parts.
    var rowLimit = Batch.capacity
    var partBytes = 16 << 20

    /// So that trimming happens, and shows when it comes too early.
    private let limits: LogLimits
    private let environment: LogEnvironment

    init(
        backlogBytes: Int = LogLimits().backlogBytes, files: any LogFiles = LiveLogFiles()
    ) async throws {
        var limits = LogLimits()
        limits.segmentBytes = 200
        limits.replayWindowBytes = 0
        limits.backlogBytes = backlogBytes
        self.limits = limits
        environment = LogEnvironment(files: files, clock: clock, pool: pool)
        directory = try TemporaryDirectory()
        metastore = try await Metastore.open(directory: directory.path)
        sink = MemorySink()
        log = try await StreamLog.open(
            directory: directory.path + "/log", streamID: streamID, limits: limits,
            environment: environment)
        let now = clock.now
        let definition = PipelineDefinition(
            id: key.pipelineID, name: "p", sql: "…", status: .running, failureReason: nil, createdAt: now,
            modifiedAt: now)
        let progress = PipelineProgress(key: key, next: .start, startEvent: 0)
        try await metastore.write { [streamID] transaction in
            try transaction.execute(
                """
                INSERT INTO streams (id, name, definition, version, created_at, modified_at)
                VALUES (?, 's', '{}', 1, 0, 0)
                """, [.text(streamID.hexDigits)])
            try transaction.execute(
                "INSERT INTO sinks (id, name, definition, created_at, modified_at) VALUES (?, 'k', '{}', 0, 0)",
                [.text(UniqueID(high: 7, low: 7).hexDigits)])
            try PipelineStore.insert(definition, [progress], transaction)
        }
    }

    func restartLog() async throws {
        await log.close()
        log = try await StreamLog.open(
            directory: directory.path + "/log", streamID: streamID, limits: limits,
            environment: environment)
    }

    func send(_ text: String, framing: EventFraming = .array) async throws {
        let body = Array(text.utf8)
        let count = try EventBody.inspect(
            body, mediaType: framing == .lines ? "application/x-ndjson" : "application/json"
        ).count
        _ = try await log.append(
            LogAppend(body: body, eventCount: count, framing: framing, receivedAt: clock.now))
    }

    func makeRunner(interval: Int = 1) async throws -> PipelineRunner {
        var policy = RollingPolicy()
        policy.intervalSeconds = interval
        let context = context(key, otherSink ?? sink, transform, policy)
        return try await PipelineRunner.start(context, control: RunnerControl())
    }

    /// Of a statement of the bench's pipeline and stream.
    func context(
        _ key: ProgressKey, _ sink: any SinkTable, _ transform: any RowTransform, _ policy: RollingPolicy
    ) -> RunnerContext {
        let schema = StreamSchema.fields([
            StreamField("id", .int64, isRequired: true), StreamField("text", .string),
        ])
        return RunnerContext(
            key: key, pipelineName: "p", source: log,
            preparation: RecordPreparation(
                schema: schema, unknownFields: .count, transform: transform, rowLimit: rowLimit,
                partBytes: partBytes),
            sink: sink, policy: policy, metastore: metastore, clock: clock,
            randomness: LiveRandomness(),
            pool: morsels, memory: memory, trials: TrialTurns(isCareful: isCareful),
            planted: PlantedBugs(planted), log: .silent,
            metrics: PipelineMetrics())
    }

    func stats() async throws -> StatementStats {
        let key = self.key
        let progress = try await metastore.read { try ProgressRows.get(key, $0) }
        guard let progress else { throw PipelinesError(.pipelineNotFound, "no progress") }
        return StatementStats(
            progress: progress, acceptedEvents: log.status.acceptedEvents, stream: "s", sink: "k")
    }

    func landedIDs() -> [Int64] {
        sink.rows.compactMap { if case .long(let id) = $0[0] { id } else { nil } }
    }
}
