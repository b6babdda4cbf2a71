import Columnar
import Effects
import Metastore
import Scheduling
import Streams
import Synchronization

@testable import Pipelines

/// A stream with two statements that commit together, each with a sink of its own.
final class TransactionBench {
    let bench: PipelineBench
    let sinks: [MemorySink]
    let keys: [ProgressKey]
    private(set) var controls: [RunnerControl] = []
    /// What each statement keeps.
    var transforms: [any RowTransform] = [TestTransform(), TestTransform()]
    var policies = [RollingPolicy(), RollingPolicy()]

    /// The second statement has landed what lies before the place.
    init(secondAt place: PipelineProgress? = nil) async throws {
        bench = try await PipelineBench()
        sinks = [bench.sink, MemorySink()]
        let second = Self.secondKey
        keys = [bench.key, second]
        let progress = place ?? PipelineProgress(key: second, next: .start, startEvent: 0)
        try await bench.metastore.write { transaction in
            try transaction.execute(
                "INSERT INTO sinks (id, name, definition, created_at, modified_at) VALUES (?, 'k2', '{}', 0, 0)",
                [.text(second.sinkID.hexDigits)])
            try ProgressRows.insert(progress, statement: 1, transaction)
        }
    }

    static let secondKey = ProgressKey(
        pipelineID: UniqueID(high: 8, low: 8), sinkID: UniqueID(high: 7, low: 8),
        streamID: UniqueID(high: 9, low: 9))

    func makeRunner() async throws -> TransactionRunner {
        controls = keys.map { _ in RunnerControl() }
        return try await TransactionRunner.start(
            keys.indices.map { index in
                (
                    bench.context(keys[index], sinks[index], transforms[index], policies[index]),
                    controls[index]
                )
            })
    }

    /// Sends one event a record.
    func send(_ ids: ClosedRange<Int>) async throws {
        for id in ids { try await bench.send(#"[{"id":\#(id)}]"#) }
    }

    /// What a statement's slice of the first records takes.
    func memoryBytes(ofRecords count: Int) async throws -> Int {
        let records = try await bench.log.read(from: .start, maxBytes: 1 << 20).records
        return bench.context(keys[0], sinks[0], transforms[0], policies[0]).preparation
            .memoryBytes(for: Array(records.prefix(count)))
    }

    func progresses() async throws -> [PipelineProgress] {
        let keys = self.keys
        return try await bench.metastore.read { transaction in
            try keys.compactMap { try ProgressRows.get($0, transaction) }
        }
    }

    /// What each sink shows.
    var landed: [[Int64]] {
        sinks.map { $0.rows.compactMap { if case .long(let id) = $0[0] { id } else { nil } } }
    }
}

/// Needs so much memory for a moment, from the given call on.
final class HungryTransform: RowTransform {
    let output = TestTransform().output
    let unfolds = false
    private let ledger: MemoryLedger
    private let bytes: Int
    private let callsBefore: Mutex<Int>

    init(ledger: MemoryLedger, bytes: Int, since call: Int = 1) {
        self.ledger = ledger
        self.bytes = bytes
        callsBefore = Mutex(call - 1)
    }

    func apply(_ batch: Batch) throws -> TransformedRows {
        let isHungry = callsBefore.withLock { left in
            left -= 1
            return left < 0
        }
        let reservation = isHungry ? try ledger.reserve(bytes, for: "a test") : nil
        defer { withExtendedLifetime(reservation) {} }
        return try TestTransform().apply(batch)
    }
}

/// Keeps nothing.
struct NothingTransform: RowTransform {
    let output = Schema([Field("id", .long)])
    let unfolds = false

    func apply(_ batch: Batch) throws -> TransformedRows {
        TransformedRows(
            inputCount: batch.rowCount, columns: [batch.columns[0].gather([])], sources: [], rejected: [])
    }
}
