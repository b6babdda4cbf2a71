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
    /// What is transformed before more is read.
    private var joined: [Joined] = []

    /// Rows of one record that wait to be transformed with others.
    private struct Piece {
        var recordIndex: Int
        var batch: Batch
        /// An entry a row.
        var places: [EventPlace]
    }

    /// Rows of pieces in one batch, of which the first are transformed already.
    private struct Joined {
        var pieces: [Piece]
        var input: Batch
        var start = 0
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
            if !joined.isEmpty {
                try transform(into: &part)
            } else if recordIndex < records.count {
                try readOn(into: &part)
            } else if !pieces.isEmpty {
                join()
            } else {
                preparation.giveBack(parser)
                isEnd = true
                break
            }
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
                join()
            }
            pieces.append(Piece(recordIndex: recordIndex, batch: batch, places: events.places))
            pieceRows += batch.rowCount
            pieceBytes += bytes
            if pieceRows >= preparation.rowLimit / 2 { join() }
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

    private mutating func join() {
        guard !pieces.isEmpty else { return }
        let input = Batch.concatenate(pieces.map(\.batch), schema: preparation.schema.columns)
        joined.append(Joined(pieces: pieces, input: input))
        pieces.removeAll(keepingCapacity: true)
        pieceRows = 0
        pieceBytes = 0
    }

    /// As many of the joined rows as the transform takes at once.
    private mutating func transform(into part: inout PreparedPart) throws {
        let work = joined[0]
        let left = work.input.slice(work.start..<work.input.rowCount)
        let result = try preparation.transform.apply(left)
        precondition(result.inputCount > 0, "a transform goes on")
        let passed = result.passedCount
        part.counts.passed += Int64(passed)
        part.counts.sinkRows += Int64(result.rowCount)
        part.counts.rejected += Int64(result.rejected.count)
        part.counts.filtered += Int64(result.inputCount - passed - result.rejected.count)
        add(result, of: work, to: &part)
        if !result.rejected.isEmpty { describe(result.rejected, of: work, into: &part) }
        joined[0].start += result.inputCount
        if joined[0].start == work.input.rowCount { joined.removeFirst() }
    }

    private func add(_ result: TransformedRows, of work: Joined, to part: inout PreparedPart) {
        guard result.rowCount > 0 else { return }
        let times = timeColumn(of: work, sources: result.sources, rowCount: result.rowCount)
        let batch = Batch(
            schema: preparation.output, columns: result.columns + [times], rowCount: result.rowCount)
        for start in stride(from: 0, to: batch.rowCount, by: Batch.capacity) {
            part.add(batch.slice(start..<min(start + Batch.capacity, batch.rowCount)))
        }
    }

    private func timeColumn(of work: Joined, sources: [Int32]?, rowCount: Int) -> Column {
        let pieces = work.pieces
        if pieces.allSatisfy({ $0.recordIndex == pieces[0].recordIndex }) {
            let time = records[pieces[0].recordIndex].append.receivedAt.microseconds
            return .constant(.long(time), .timestamptz, count: rowCount)
        }
        var times: [Int64] = []
        for piece in pieces {
            let time = records[piece.recordIndex].append.receivedAt.microseconds
            times.append(contentsOf: repeatElement(time, count: piece.batch.rowCount))
        }
        times.removeFirst(work.start)
        let rows = sources?.map { times[Int($0)] } ?? Array(times.prefix(rowCount))
        return Column(.timestamptz, count: rowCount, .int64(rows))
    }

    /// Finds the events that the rejected rows of joined pieces came from.
    private func describe(_ rows: [RejectedRow], of work: Joined, into part: inout PreparedPart) {
        var start = -work.start
        var rest = rows[...]
        for piece in work.pieces {
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
