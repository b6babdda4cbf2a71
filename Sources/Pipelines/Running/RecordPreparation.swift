import Columnar
import Effects
import FileFormats
import Streams
import Synchronization

/// Rows, rejects and counts of some records in a row.
struct PreparedRecords: Sendable {
    var batches: [Batch] = []
    var rejects: [RejectedEvent] = []
    var counts = PipelineCounts()
    /// Behind the last record.
    var next: LogOffset
    /// Events of the stream before `next`.
    var endEvent: Int64
    /// Of the records' bodies.
    var bodyBytes = 0
}

/// Turns records of the log into rows of the sink: parse, transform, add the time of receipt.
///
/// - Threads: any; each call takes a parser of its own.
/// - Cost: one pass; small records are joined into batches before the transform.
final class RecordPreparation: Sendable {
    /// The column that a sink's table gets besides those of the SQL.
    static let timeColumn = "__ingest_ts"
    /// Joined rows are transformed at this many.
    private static let joinRows = Batch.capacity / 2

    private let schema: StreamSchema
    private let unknownFields: UnknownFieldPolicy
    private let transform: any RowTransform
    private let idleParsers = Mutex<[EventParser]>([])
    /// The transform's columns and `__ingest_ts`.
    let output: Schema

    init(schema: StreamSchema, unknownFields: UnknownFieldPolicy, transform: any RowTransform) {
        self.schema = schema
        self.unknownFields = unknownFields
        self.transform = transform
        output = Schema(transform.output.fields + [Field(Self.timeColumn, .timestamptz, isRequired: true)])
    }

    /// Rows of one record that wait to be transformed with others.
    private struct Piece {
        var recordIndex: Int
        /// How many rows of the record came before.
        var firstRow: Int
        var batch: Batch
    }

    func prepare(_ records: [LogRecord]) throws -> PreparedRecords {
        precondition(!records.isEmpty)
        let parser =
            try idleParsers.withLock { $0.popLast() }
            ?? EventParser(
                schema: schema, unknownFields: unknownFields)
        defer { idleParsers.withLock { $0.append(parser) } }
        let last = records[records.count - 1]
        var prepared = PreparedRecords(next: last.nextOffset, endEvent: last.endEvent)
        var pieces: [Piece] = []
        var pieceRows = 0
        var misfitIndexes: [[Int]] = []
        for (recordIndex, record) in records.enumerated() {
            let parsed = try parser.parse(record.append.body, framing: record.append.framing)
            guard parsed.eventCount == record.append.eventCount else {
                throw PipelinesError(
                    .corrupt, "a record holds another number of events than was accepted",
                    [
                        "record": record.number, "accepted": record.append.eventCount,
                        "found": parsed.eventCount,
                    ])
            }
            prepared.bodyBytes += record.append.body.count
            prepared.counts.unknownFields += Int64(parsed.unknownFieldCount)
            prepared.counts.rejected += Int64(parsed.misfits.count)
            misfitIndexes.append(parsed.misfits.map(\.index))
            for misfit in parsed.misfits {
                prepared.rejects.append(
                    RejectedEvent(
                        record: record.number, index: misfit.index, receivedAt: record.append.receivedAt,
                        code: misfit.code.rawValue, path: misfit.path, message: misfit.message,
                        raw: misfit.raw))
            }
            var firstRow = 0
            for batch in parsed.batches {
                if pieceRows + batch.rowCount > Batch.capacity {
                    try flush(&pieces, records, misfitIndexes, into: &prepared)
                    pieceRows = 0
                }
                pieces.append(Piece(recordIndex: recordIndex, firstRow: firstRow, batch: batch))
                firstRow += batch.rowCount
                pieceRows += batch.rowCount
            }
            if pieceRows >= Self.joinRows {
                try flush(&pieces, records, misfitIndexes, into: &prepared)
                pieceRows = 0
            }
        }
        try flush(&pieces, records, misfitIndexes, into: &prepared)
        return prepared
    }

    private func flush(
        _ pieces: inout [Piece], _ records: [LogRecord], _ misfitIndexes: [[Int]],
        into prepared: inout PreparedRecords
    ) throws {
        guard !pieces.isEmpty else { return }
        let input = Batch.concatenate(pieces.map(\.batch), schema: schema.columns)
        let result = try transform.apply(input)
        let passed = result.sources?.count ?? input.rowCount
        prepared.counts.passed += Int64(passed)
        prepared.counts.sinkRows += Int64(passed)
        prepared.counts.rejected += Int64(result.rejected.count)
        prepared.counts.filtered += Int64(input.rowCount - passed - result.rejected.count)
        if passed > 0 {
            let times = timeColumn(pieces, records, sources: result.sources)
            prepared.batches.append(
                Batch(schema: output, columns: result.columns + [times], rowCount: passed))
        }
        if !result.rejected.isEmpty {
            prepared.rejects += describe(result.rejected, pieces, records, misfitIndexes)
        }
        pieces.removeAll(keepingCapacity: true)
    }

    private func timeColumn(_ pieces: [Piece], _ records: [LogRecord], sources: [Int32]?) -> Column {
        if pieces.allSatisfy({ $0.recordIndex == pieces[0].recordIndex }) {
            let count = sources?.count ?? pieces.reduce(0) { $0 + $1.batch.rowCount }
            let time = records[pieces[0].recordIndex].append.receivedAt.microseconds
            return .constant(.long(time), .timestamptz, count: count)
        }
        var times: [Int64] = []
        for piece in pieces {
            let time = records[piece.recordIndex].append.receivedAt.microseconds
            times.append(contentsOf: repeatElement(time, count: piece.batch.rowCount))
        }
        let all = Column(.timestamptz, count: times.count, .int64(times))
        return sources.map { all.gather($0) } ?? all
    }

    /// Finds the events that the rejected rows of joined pieces came from.
    private func describe(
        _ rows: [RejectedRow], _ pieces: [Piece], _ records: [LogRecord], _ misfitIndexes: [[Int]]
    ) -> [RejectedEvent] {
        var events: [RejectedEvent] = []
        var start = 0
        var rest = rows[...]
        for piece in pieces {
            let end = start + piece.batch.rowCount
            let mine = rest.prefix { $0.row < end }
            rest = rest.dropFirst(mine.count)
            if !mine.isEmpty {
                let record = records[piece.recordIndex]
                let indexes = mine.map {
                    Self.eventIndex(
                        ofRow: piece.firstRow + $0.row - start, misfits: misfitIndexes[piece.recordIndex])
                }
                let texts = EventSlicer.texts(
                    of: record.append.body, framing: record.append.framing, at: indexes)
                for (position, row) in mine.enumerated() {
                    events.append(
                        RejectedEvent(
                            record: record.number, index: indexes[position],
                            receivedAt: record.append.receivedAt,
                            code: row.code, path: "$", message: row.message,
                            raw: position < texts.count ? texts[position] : ""))
                }
            }
            start = end
        }
        return events
    }

    /// Rows leave misfits out; events count them.
    static func eventIndex(ofRow row: Int, misfits: [Int]) -> Int {
        var index = row
        for misfit in misfits {
            if misfit > index { break }
            index += 1
        }
        return index
    }
}
