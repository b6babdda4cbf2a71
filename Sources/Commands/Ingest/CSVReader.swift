import FileFormats
import JSONText

/// Reads CSV (RFC 4180) with a head line and writes each row as a JSON object.
///
/// - Nulls: an empty field, and each text of `nulls`, is left away, as a field that is not there.
struct CSVReader: EventReader {
    typealias Kind = CSVValue.Kind

    private struct Column {
        var name: String
        /// `"name":`
        var prefix: [UInt8]
        var kind: Kind
    }

    private var input: ByteInput
    private var position = 0
    private var rowCount = 0
    private var columns: [Column]?
    private let kind: (String) -> Kind
    private let nulls: [[UInt8]]
    // The fields of the present row, unquoted, one after the other: no array for each.
    private var text: [UInt8] = []
    private var ends: [Int] = []

    /// `kind` answers for a column's name what its fields become.
    init(_ input: ByteInput, nulls: [String], kind: @escaping (String) -> Kind) {
        self.input = input
        self.kind = kind
        self.nulls = nulls.map { Array($0.utf8) }
    }

    mutating func nextBatch(_ limits: BatchLimits) throws -> EventBatch? {
        let columns = try head()
        var body: [UInt8] = []
        body.reserveCapacity(256 * limits.events)
        var count = 0
        while count < limits.events, body.count < limits.bytes, try nextRow() {
            guard ends.count == columns.count else {
                throw CommandError(
                    .file, "a row has another number of fields than the head",
                    ["row": rowCount + 1, "fields": ends.count, "columns": columns.count])
            }
            if let field = CSVRow.firstInvalidField(text, ends) {
                throw CommandError(
                    .file, "a field is not UTF-8", ["row": rowCount + 1, "column": columns[field].name],
                    hint: "convert the file first, for example with iconv")
            }
            write(columns, to: &body)
            count += 1
            rowCount += 1
        }
        guard count > 0 else { return nil }
        return EventBatch(
            body: body, contentType: "application/x-ndjson", eventCount: count,
            firstEvent: rowCount - count + 1, sourceBytes: input.sourceBytes(at: position))
    }

    private mutating func head() throws(CommandError) -> [Column] {
        if let columns { return columns }
        try skipByteOrderMark()
        guard try nextRow() else { throw CommandError(.file, "the CSV file has no head line") }
        var made: [Column] = []
        var names: Set<String> = []
        for index in ends.indices {
            guard let name = String(validating: field(index), as: UTF8.self) else {
                throw CommandError(.file, "a column's name is not UTF-8", ["column": made.count + 1])
            }
            guard !name.isEmpty else {
                throw CommandError(.file, "a column has no name", ["column": made.count + 1])
            }
            guard names.insert(name).inserted else {
                throw CommandError(.file, "two columns have the same name", ["name": name])
            }
            var prefix: [UInt8] = []
            JSONValue.appendQuoted(name, to: &prefix)
            made.append(Column(name: name, prefix: prefix + [UInt8(ascii: ":")], kind: kind(name)))
        }
        columns = made
        return made
    }

    /// Spreadsheets begin UTF-8 files with one; it is no part of the first column's name.
    private mutating func skipByteOrderMark() throws(CommandError) {
        if input.buffer.isEmpty { try input.refill(dropping: 0) }
        if input.buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private func field(_ index: Int) -> ArraySlice<UInt8> {
        text[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    private func write(_ columns: [Column], to body: inout [UInt8]) {
        body.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in columns.indices {
            let field = field(index)
            if field.isEmpty || nulls.contains(where: { $0.elementsEqual(field) }) { continue }
            if !isFirst { body.append(UInt8(ascii: ",")) }
            isFirst = false
            body += columns[index].prefix
            CSVValue.write(field, as: columns[index].kind, to: &body)
        }
        body += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    }

    /// Takes the next row that is not empty apart; false at the end.
    private mutating func nextRow() throws(CommandError) -> Bool {
        while true {
            guard let end = try rowEnd() else { return false }
            let start = position
            position = end.next
            if end.row == start { continue }
            try split(start..<end.row)
            return true
        }
    }

    /// Where the row at `position` ends, and where the next begins. Quoted fields may hold line ends.
    private mutating func rowEnd() throws(CommandError) -> (row: Int, next: Int)? {
        var index = position
        var isQuoted = false
        while true {
            let buffer = input.buffer
            while index < buffer.count {
                let byte = buffer[index]
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == UInt8(ascii: "\n"), !isQuoted {
                    let hasReturn = index > position && buffer[index - 1] == UInt8(ascii: "\r")
                    return (hasReturn ? index - 1 : index, index + 1)
                }
                index += 1
            }
            guard !input.isAtEnd else {
                guard !isQuoted else {
                    throw CommandError(.file, "a quoted field does not end", ["row": rowCount + 1])
                }
                return index > position ? (index, index) : nil
            }
            guard index - position <= LineReader.lineLimit else {
                throw CommandError(.file, "a row is too long", ["row": rowCount + 1])
            }
            index -= position
            try input.refill(dropping: position)
            position = 0
        }
    }

    private mutating func split(_ row: Range<Int>) throws(CommandError) {
        guard CSVRow.split(input.buffer, row, text: &text, ends: &ends) else {
            throw CommandError(.file, "text follows a quoted field", ["row": rowCount + 1])
        }
    }
}
