import FileFormats
import JSONText

/// Reads CSV (RFC 4180) with a head line and writes each row as a JSON object.
///
/// - Nulls: an empty field, and each text of `nulls`, is left away, as a field that is not there.
struct CSVReader: EventReader {
    typealias Kind = CSVValue.Kind

    private var input: ByteInput
    private var position = 0
    private var rowCount = 0
    private var scanner = CSVRowScanner()
    private var columns: CSVColumns?
    private let kinds: [MemberName: Kind]
    private let nulls: [[UInt8]]
    // The fields of the present row, unquoted, one after the other: no array for each.
    private var text: [UInt8] = []
    private var ends: [Int] = []
    /// Whether the present row did not fit its batch and begins the next.
    private var isRowHeld = false

    /// How far above its bytes the last row may take a batch: what the server takes above the standard size. Batches of
    /// rows that are smaller have always ended so, and a load that is sent again needs the same ones.
    private static let excessBytes = 1 << 20

    /// `kinds` is what the stream's fields take, by name; empty for a stream without a schema.
    init(_ input: ByteInput, nulls: [String], kinds: [MemberName: Kind]) {
        self.input = input
        self.kinds = kinds
        self.nulls = nulls.map { Array($0.utf8) }
    }

    mutating func nextBatch(_ limits: BatchLimits) throws -> EventBatch? {
        let columns = try head()
        var body: [UInt8] = []
        body.reserveCapacity(256 * limits.events)
        var count = 0
        var sourceBytes: Int64 = 0
        while count < limits.events, body.count < limits.bytes, try takeRow() {
            guard ends.count == columns.count else {
                throw CommandError(
                    .file, "a row has another number of fields than the head",
                    ["row": rowCount + 1, "fields": ends.count, "columns": columns.count])
            }
            if let field = CSVRow.firstInvalidField(text, ends) {
                throw CommandError(
                    .file, "a field is not UTF-8", ["row": rowCount + 1, "column": columns.name(field)],
                    hint: "convert the file first, for example with iconv")
            }
            let end = body.count
            columns.write(text, ends, to: &body)
            if count > 0, body.count > limits.bytes + Self.excessBytes {
                body.removeLast(body.count - end)
                isRowHeld = true
                break
            }
            count += 1
            rowCount += 1
            sourceBytes = input.sourceBytes(at: position)
        }
        guard count > 0 else { return nil }
        return EventBatch(
            body: body, contentType: "application/x-ndjson", eventCount: count,
            firstEvent: rowCount - count + 1, sourceBytes: sourceBytes)
    }

    private mutating func head() throws(CommandError) -> CSVColumns {
        if let columns { return columns }
        try skipByteOrderMark()
        guard try nextRow() else { throw CommandError(.file, "the CSV file has no head line") }
        do throws(CSVFault) {
            let made = try CSVColumns(head: text, ends, kinds: kinds, nulls: nulls)
            columns = made
            return made
        } catch { throw CommandError(.file, error.summary, context: error.context, hint: error.hint) }
    }

    /// Spreadsheets begin UTF-8 files with one; it is no part of the first column's name.
    private mutating func skipByteOrderMark() throws(CommandError) {
        if input.buffer.isEmpty { try input.refill(dropping: 0) }
        if input.buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The row that was held back, or else the next; false at the end.
    private mutating func takeRow() throws(CommandError) -> Bool {
        guard isRowHeld else { return try nextRow() }
        isRowHeld = false
        return true
    }

    /// Takes the next row that is not empty apart; false at the end.
    private mutating func nextRow() throws(CommandError) -> Bool {
        while true {
            guard let end = try rowEnd() else { return false }
            let start = position
            position = end.next
            if end.row == start { continue }
            guard CSVRow.split(input.buffer, start..<end.row, text: &text, ends: &ends) else {
                throw CommandError(.file, "text follows a quoted field", ["row": rowCount + 1])
            }
            return true
        }
    }

    /// Where the row at `position` ends, and where the next begins.
    private mutating func rowEnd() throws(CommandError) -> (row: Int, next: Int)? {
        while true {
            do throws(CSVFault) {
                let end = try scanner.rowEnd(input.buffer, from: position, isLast: input.isAtEnd)
                if end != nil || input.isAtEnd { return end }
            } catch {
                throw CommandError(
                    .file, error.summary, context: error.context + [("row", "\(rowCount + 1)")],
                    hint: error.hint)
            }
            guard input.buffer.count - position <= LineReader.lineLimit else {
                throw CommandError(.file, "a row is too long", ["row": rowCount + 1])
            }
            try input.refill(dropping: position)
            position = 0
        }
    }
}
