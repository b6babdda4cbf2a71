import Columnar
import Effects
import FileFormats
import Kernels
import Streams

/// Rows, rejects and counts of some events in a row.
struct PreparedPart: Sendable {
    var batches: [Batch] = []
    var rejects: [RejectedEvent] = []
    var counts = PipelineCounts()
    /// Of batches and rejects.
    fileprivate(set) var byteCount = 0

    fileprivate mutating func add(_ batch: Batch) {
        batches.append(batch)
        byteCount += batch.byteCount
    }

    fileprivate mutating func add(_ reject: RejectedEvent) {
        rejects.append(reject)
        byteCount += reject.byteCount
    }
}

/// Works through records of a log in a row, part by part: parse, transform, add the time of receipt.
///
/// A part may end inside a record, so that a record's rows need not fit memory, however many its few bytes stand for.
/// Progress never does: it moves when the reading is at its end.
///
/// - Cost: one pass; small records are joined into batches before the transform.
struct RecordReading: Sendable {
    /// Joined rows are transformed at so many bytes, however few they are.
    private static let joinBytes = 8 << 20

    let records: [LogRecord]
    /// All records are read, and given away with the parts.
    private(set) var isEnd = false
    private let preparation: RecordPreparation
    private var parser: EventParser
    /// The record whose events come next, and whether its first have come.
    private var recordIndex = 0
    private var isInside = false
    private var pieces: [Piece] = []
    private var pieceRows = 0
    private var pieceBytes = 0

    /// Rows of one record that wait to be transformed with others.
    private struct Piece {
        var recordIndex: Int
        var batch: Batch
        /// An entry a row.
        var places: [EventPlace]
    }

    init(_ records: [LogRecord], _ preparation: RecordPreparation) throws {
        precondition(!records.isEmpty)
        self.records = records
        self.preparation = preparation
        parser = try preparation.takeParser()
    }

    /// Behind the last record.
    var next: LogOffset { records[records.count - 1].nextOffset }
    /// Events of the stream before `next`.
    var endEvent: Int64 { records[records.count - 1].endEvent }
    /// Of the records.
    var bodyBytes: Int { records.reduce(0) { $0 + $1.append.body.count } }

    /// - Errors: `TransformStopped`; `corrupt`. After one the reading is of no more use.
    mutating func nextPart() throws -> PreparedPart {
        precondition(!isEnd)
        var part = PreparedPart()
        while part.byteCount < preparation.partBytes {
            guard recordIndex < records.count else {
                try flush(into: &part)
                preparation.giveBack(parser)
                isEnd = true
                break
            }
            try readOn(into: &part)
        }
        return part
    }

    private mutating func readOn(into part: inout PreparedPart) throws {
        let record = records[recordIndex]
        if !isInside { try parser.start(record.append.body, framing: record.append.framing) }
        let events = try parser.next()
        isInside = !events.isEnd
        part.counts.unknownFields += Int64(events.unknownFieldCount)
        part.counts.rejected += Int64(events.misfitCount)
        for misfit in events.misfits {
            part.add(
                RejectedEvent(
                    record: record.number, index: misfit.index, receivedAt: record.append.receivedAt,
                    code: misfit.code.rawValue, path: misfit.path, message: misfit.message, raw: misfit.raw))
        }
        if let batch = events.batch {
            let bytes = batch.byteCount
            if pieceRows + batch.rowCount > preparation.rowLimit || pieceBytes + bytes > Self.joinBytes {
                try flush(into: &part)
            }
            pieces.append(Piece(recordIndex: recordIndex, batch: batch, places: events.places))
            pieceRows += batch.rowCount
            pieceBytes += bytes
            if pieceRows >= preparation.rowLimit / 2 { try flush(into: &part) }
        }
        guard events.isEnd else { return }
        guard events.eventCount == record.append.eventCount else {
            throw PipelinesError(
                .corrupt, "a record holds another number of events than was accepted",
                [
                    "record": record.number, "accepted": record.append.eventCount,
                    "found": events.eventCount,
                ])
        }
        recordIndex += 1
    }

    private mutating func flush(into part: inout PreparedPart) throws {
        guard !pieces.isEmpty else { return }
        let input = Batch.concatenate(pieces.map(\.batch), schema: preparation.schema.columns)
        let result = try preparation.transform.apply(input)
        let passed = result.sources?.count ?? input.rowCount
        part.counts.passed += Int64(passed)
        part.counts.sinkRows += Int64(passed)
        part.counts.rejected += Int64(result.rejected.count)
        part.counts.filtered += Int64(input.rowCount - passed - result.rejected.count)
        if passed > 0 {
            let times = timeColumn(sources: result.sources)
            part.add(Batch(schema: preparation.output, columns: result.columns + [times], rowCount: passed))
        }
        if !result.rejected.isEmpty { describe(result.rejected, into: &part) }
        pieces.removeAll(keepingCapacity: true)
        pieceRows = 0
        pieceBytes = 0
    }

    private func timeColumn(sources: [Int32]?) -> Column {
        if pieces.allSatisfy({ $0.recordIndex == pieces[0].recordIndex }) {
            let time = records[pieces[0].recordIndex].append.receivedAt.microseconds
            return .constant(.long(time), .timestamptz, count: sources?.count ?? pieceRows)
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
    private func describe(_ rows: [RejectedRow], into part: inout PreparedPart) {
        var start = 0
        var rest = rows[...]
        for piece in pieces {
            let end = start + piece.batch.rowCount
            let record = records[piece.recordIndex]
            while let row = rest.first, row.row < end {
                let place = piece.places[row.row - start]
                part.add(
                    RejectedEvent(
                        record: record.number, index: place.index, receivedAt: record.append.receivedAt,
                        code: row.code, path: "$", message: row.message,
                        raw: String(decoding: record.append.body[place.span], as: UTF8.self)))
                rest.removeFirst()
            }
            start = end
        }
    }
}

extension Batch {
    fileprivate var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }
}
