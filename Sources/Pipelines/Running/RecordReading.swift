import Columnar
import Effects
import FileFormats
import Kernels
import Scheduling
import Streams

/// Rows, rejects and counts of some events in a row.
struct PreparedPart: Sendable {
    var batches: [Batch] = []
    var rejects: [RejectedEvent] = []
    var counts = PipelineCounts()
    /// What some of the batches take; kept as long as they are.
    fileprivate(set) var holds: [RowsHold] = []
    /// Of batches and rejects.
    fileprivate(set) var byteCount = 0
    /// The part ends here because there was no memory for the next row.
    fileprivate(set) var shortage: SchedulingError?

    /// Why it has nothing to write, though there is more.
    var refusal: SchedulingError? { byteCount == 0 ? shortage : nil }

    /// Rows that unfolded may be more than a batch's.
    fileprivate mutating func add(_ rows: Batch) {
        for start in stride(from: 0, to: rows.rowCount, by: Batch.capacity) {
            batches.append(rows.slice(start..<min(start + Batch.capacity, rows.rowCount)))
        }
        byteCount += rows.byteCount
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
    /// The first record that is not read yet.
    private var recordIndex = 0
    /// What is being read.
    private var text: RecordText?
    private var pieces: [Piece] = []
    private var pieceRows = 0
    private var pieceBytes = 0
    private var joined: JoinedRows?
    /// The transform is given no more rows at once: fewer than a batch after it has done fewer than it was given.
    private var stepRows: Int

    /// Rows that wait to be transformed with others.
    private struct Piece {
        var batch: Batch
        var origins: [RecordOrigin]
        /// An entry a row.
        var places: [EventPlace]
    }

    /// Pieces as one batch, of which the rows before `start` are transformed.
    private struct JoinedRows {
        var batch: Batch
        var origins: [RecordOrigin]
        var places: [EventPlace]
        var start = 0
    }

    init(_ records: [LogRecord], _ preparation: RecordPreparation) throws {
        precondition(!records.isEmpty)
        self.records = records
        self.preparation = preparation
        stepRows = preparation.rowLimit
        parser = try preparation.takeParser()
    }

    /// Behind the last record.
    var next: LogOffset { records[records.count - 1].nextOffset }
    /// Events of the stream before `next`.
    var endEvent: Int64 { records[records.count - 1].endEvent }
    /// What the records take in the log.
    var logBytes: Int { records.reduce(0) { $0 + $1.byteCount } }

    /// - Errors: `TransformStopped`; `corrupt`; `SCH-202`. After one the reading is of no more use.
    mutating func nextPart() throws -> PreparedPart {
        let part = try nextPartThatFits()
        if let refusal = part.refusal { throw refusal }
        return part
    }

    /// Ends before the row that finds no memory now, with its `shortage`; the next part begins with that row.
    ///
    /// - Errors: `TransformStopped`; `corrupt`. After one the reading is of no more use.
    mutating func nextPartThatFits() throws -> PreparedPart {
        precondition(!isEnd)
        var part = PreparedPart()
        while part.byteCount < preparation.partBytes, part.shortage == nil {
            if joined != nil {
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
        let isBegun = self.text != nil
        let text = self.text ?? RecordText(records, at: recordIndex)
        if !isBegun { try parser.start(text.body, framing: text.framing) }
        let events = try parser.next()
        self.text = events.isEnd ? nil : text
        part.counts.unknownFields += Int64(events.unknownFieldCount)
        part.counts.rejected += Int64(events.misfitCount)
        for misfit in events.misfits {
            guard let place = text.record(ofEvent: misfit.index) else { throw otherCount(text, events) }
            let record = records[place.recordIndex]
            part.add(
                RejectedEvent(
                    record: record.number, index: place.event, receivedAt: record.append.receivedAt,
                    code: misfit.code.rawValue, path: misfit.path, message: misfit.message, raw: misfit.raw))
        }
        if let batch = events.batch {
            let bytes = batch.byteCount
            if pieceRows + batch.rowCount > preparation.rowLimit || pieceBytes + bytes > Self.joinBytes {
                join()
            }
            guard let (origins, places) = text.origins(of: events.places) else {
                throw otherCount(text, events)
            }
            pieces.append(Piece(batch: batch, origins: origins, places: places))
            pieceRows += batch.rowCount
            pieceBytes += bytes
            if joined == nil, pieceRows >= preparation.rowLimit / 2 { join() }
        }
        guard events.isEnd else { return }
        guard events.eventCount == text.eventCount else { throw otherCount(text, events) }
        recordIndex = text.recordIndexes.upperBound
    }

    private func otherCount(_ text: RecordText, _ events: EventPart) -> PipelinesError {
        PipelinesError(
            .corrupt, "a record holds another number of events than was accepted",
            [
                "record": records[text.recordIndexes.lowerBound].number,
                "last": records[text.recordIndexes.upperBound - 1].number,
                "accepted": text.eventCount, "found": events.eventCount,
            ])
    }

    private mutating func join() {
        guard !pieces.isEmpty else { return }
        precondition(joined == nil, "rows are transformed in their order")
        joined = JoinedRows(
            batch: Batch.concatenate(pieces.map(\.batch), schema: preparation.schema.columns),
            origins: pieces.flatMap(\.origins), places: pieces.flatMap(\.places))
        pieces.removeAll(keepingCapacity: true)
        pieceRows = 0
        pieceBytes = 0
    }

    /// All of the joined rows, or as many as memory holds at once.
    private mutating func transform(into part: inout PreparedPart) throws {
        guard var rows = joined else { return }
        let asked = min(rows.batch.rowCount - rows.start, stepRows)
        let input =
            asked == rows.batch.rowCount
            ? rows.batch : rows.batch.slice(rows.start..<rows.start + asked).dense()
        let result: TransformedRows
        do { result = try preparation.transform.apply(input) } catch let error as SchedulingError
            where error.code == .memoryExhausted
        {
            part.shortage = error
            return
        }
        let done = result.inputCount
        precondition((1...asked).contains(done), "a transform does some of the rows it is given")
        if done < asked {
            stepRows = done
        } else if asked == stepRows {
            stepRows = min(2 * stepRows, preparation.rowLimit)
        }
        let passed = preparation.transform.unfolds ? result.passedCount : result.rowCount
        part.counts.passed += Int64(passed)
        part.counts.sinkRows += Int64(result.rowCount)
        part.counts.rejected += Int64(result.rejected.count)
        part.counts.filtered += Int64(done - passed - result.rejected.count)
        if result.rowCount > 0 {
            let times = timeColumn(of: rows, count: done, sources: result.sources)
            part.add(
                Batch(
                    schema: preparation.output, columns: result.columns + [times], rowCount: result.rowCount))
            part.holds += result.holds
        }
        if !result.rejected.isEmpty { describe(result.rejected, of: rows, into: &part) }
        rows.start += done
        joined = rows.start < rows.batch.rowCount ? rows : nil
    }

    /// For `count` rows from `rows.start` on, or for `sources` among them.
    private func timeColumn(of rows: JoinedRows, count: Int, sources: [Int32]?) -> Column {
        let first = rows.origins[0].recordIndex
        if rows.origins.allSatisfy({ $0.recordIndex == first }) {
            let time = records[first].append.receivedAt.microseconds
            return .constant(.long(time), .timestamptz, count: sources?.count ?? count)
        }
        var times: [Int64] = []
        for origin in rows.origins {
            let time = records[origin.recordIndex].append.receivedAt.microseconds
            times.append(contentsOf: repeatElement(time, count: origin.rowCount))
        }
        let own = Column(.timestamptz, count: count, .int64(Array(times[rows.start..<rows.start + count])))
        return sources.map { own.gather($0) } ?? own
    }

    /// Finds the events that rejected rows came from, which count from `joined.start`.
    private func describe(_ rejected: [RejectedRow], of joined: JoinedRows, into part: inout PreparedPart) {
        var start = -joined.start
        var rest = rejected[...]
        for origin in joined.origins {
            let end = start + origin.rowCount
            let record = records[origin.recordIndex]
            while let row = rest.first, row.row < end {
                let place = joined.places[joined.start + row.row]
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
