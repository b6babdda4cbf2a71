import Columnar
import Effects
import FileFormats
import Streams

/// The rows of a batch of rejects that a run may land, as records that a pipeline can read once more.
struct RejectedRows: Sendable {
    /// A record a row, its number the row's place in the batch; each is one event.
    let records: [LogRecord]
    private let rowCount: Int

    /// Rows of another run are left out, and rows whose text somebody has changed to what is no JSON.
    init(of batch: Batch, run: UniqueID) {
        func column(_ name: String) -> Column? {
            batch.schema.index(of: name).map { batch.columns[$0].flattened() }
        }
        rowCount = batch.rowCount
        guard let runs = column(RejectsTable.runColumn), let raws = column("raw"),
            let times = column(RejectsTable.timeColumn)
        else {
            records = []
            return
        }
        let wanted = Scalar.string(run.hexDigits)
        records = (0..<batch.rowCount).compactMap { row in
            guard runs.scalar(at: row) == wanted, case .string(let raw) = raws.scalar(at: row),
                case .long(let time) = times.scalar(at: row)
            else { return nil }
            return Self.record(raw, row: row, receivedAt: Instant(microseconds: time))
        }
    }

    /// In brackets the event is one, whatever it is: an array, or a value over several lines.
    private static func record(_ raw: String, row: Int, receivedAt: Instant) -> LogRecord? {
        let body = Array("[\(raw)]".utf8)
        do throws(FileFormatsError) {
            guard try EventBody.inspect(body, mediaType: "application/json").count == 1 else { return nil }
        } catch { return nil }
        return LogRecord(
            number: Int64(row), firstEvent: Int64(row),
            append: LogAppend(body: body, eventCount: 1, framing: .array, receivedAt: receivedAt))
    }

    /// Rows of the batch that stay rejects: those of others, and those that were rejected again.
    func staying(rejectedAgain: Set<Int64>) -> [Int32] {
        let leaving = Set(records.map(\.number)).subtracting(rejectedAgain)
        return (0..<Int32(rowCount)).filter { !leaving.contains(Int64($0)) }
    }
}
