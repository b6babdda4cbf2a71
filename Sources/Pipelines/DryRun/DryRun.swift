import Effects
import Scheduling
import Streams

/// Runs a statement over the last events of its stream and writes nothing: no file, no progress, no reject.
struct DryRun {
    /// About this much is read and parsed at once.
    private static let sliceBytes = 4 << 20

    let statement: CompiledStatement
    let preparation: RecordPreparation
    let log: StreamLog
    let pool: MorselPool
    let memory: SliceMemory
    let token: CancellationToken

    /// Over the events that are there when it begins; fewer than asked for where the log keeps fewer.
    ///
    /// - Errors: those of the log; the token's reason. An event that does not fit is none.
    func run(_ request: DryRunRequest, keptFrom oldestEvent: Int64) async throws -> DryRunResult {
        let status = log.status
        let firstEvent = max(oldestEvent, status.acceptedEvents - request.events)
        var position = LogOffset(record: try await log.firstRecord { $0.endEvent > firstEvent })
        var result: DryRunResult?
        while position.record < status.end.record {
            try token.check()
            let slice = try await log.read(from: position, maxBytes: Self.sliceBytes)
            var records = slice.records.filter { $0.number < status.end.record }
            guard let first = records.first else { break }
            position = slice.next
            let hold = try await memory.holdWaiting(preparation.memoryBytes(for: records), token: token)
            var skipped = 0
            if result == nil {
                skipped = Int(max(0, firstEvent - first.firstEvent))
                records[0] = try await tail(of: first, skipping: skipped)
                result = made(request, (first.number, skipped))
            }
            try await read(records, skipped: skipped, into: &result)
            hold.release()
        }
        return result ?? made(request, (position.record, 0))
    }

    private func made(_ request: DryRunRequest, _ start: (record: Int64, index: Int)) -> DryRunResult {
        DryRunResult(statement, columns: preparation.output, rowLimit: request.rows, start: start)
    }

    private func tail(of record: LogRecord, skipping skipped: Int) async throws -> LogRecord {
        if skipped == 0 { return record }
        return try await pool.run(priority: .pipeline) { [preparation] in
            let parser = try preparation.takeParser()
            let tail = try record.tail(skipping: skipped, parser)
            preparation.giveBack(parser)
            return tail
        }
    }

    /// `skipped` events of the first record came before those that are read.
    private func read(_ records: [LogRecord], skipped: Int, into result: inout DryRunResult?) async throws {
        var reading = try RecordReading(records, preparation)
        while !reading.isEnd {
            try token.check()
            var (part, rest) = try await pool.run(priority: .pipeline) { [reading] in
                var reading = reading
                return (try reading.nextPart(), reading)
            }
            reading = rest
            for index in part.rejects.indices where part.rejects[index].record == records[0].number {
                part.rejects[index].index += skipped
            }
            result?.add(part)
        }
    }
}
