import Columnar
import Faults
import JSONText

/// Turns a CSV file with a header into JSON objects, one a row, chunk by chunk.
///
///     carrier,delay,on_time        {"carrier":"UA","delay":-3,"on_time":true}
///     UA,-3,true                →  {"carrier":"DL","delay":null,"on_time":false}
///     DL,,false
///
/// Rows end with LF or CRLF; quoted fields may hold delimiters, line breaks and doubled quotes; blank lines are left
/// out; a byte order mark is dropped.
///
/// - Nulls: an empty field without quotes, and the texts that the options name.
/// - Errors: `FMT-105` with the line.
/// - Source: RFC 4180.
package struct CSVEventReader {
    private let options: CSVOptions
    private let nullTexts: [[UInt8]]
    /// The header's names; empty until it was read.
    package private(set) var columns: [String] = []
    package private(set) var rowCount = 0
    /// `{"name":` of the first column and `,"name":` of the others.
    private var keys: [[UInt8]] = []
    private var kinds: [CSVColumnKind] = []
    /// Bytes of a row that is not complete yet.
    private var pending: [UInt8] = []
    private var line = 1
    private var isAtStart = true
    private var event: [UInt8] = []
    private var field: [UInt8] = []

    package init(options: CSVOptions = CSVOptions()) {
        self.options = options
        nullTexts = options.nullTexts.map { Array($0.utf8) }
    }

    /// Reads on. `emit` gets the text of each complete row's object; it is valid only during the call.
    ///
    /// - Parameter isLast: The file ends with the chunk: a last row needs no line break.
    package mutating func push(
        _ chunk: [UInt8], isLast: Bool, _ emit: (Span<UInt8>) throws -> Void
    ) throws {
        var bytes = pending
        bytes += chunk
        pending = []
        var position = 0
        if isAtStart, bytes.count >= 3 || isLast {
            isAtStart = false
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        }
        while !isAtStart, position < bytes.count {
            let start = position
            guard try readRow(bytes.span, &position, isLast: isLast, emit) else {
                position = start
                break
            }
        }
        if position < bytes.count { pending = Array(bytes[position...]) }
        if pending.count > options.rowByteLimit {
            throw malformed("a row is longer than \(options.rowByteLimit) bytes; is a quote not closed?")
        }
        if isLast, columns.isEmpty { throw malformed("the file has no header") }
    }

    private func malformed(_ summary: String, line: Int? = nil) -> FileFormatsError {
        FileFormatsError(.malformedCSV, summary, at: .text(line: line ?? self.line, column: 1))
    }

    /// How a field ended.
    private enum End {
        case field, row
        /// More bytes are needed to know.
        case open
    }

    /// Reads one row and emits it; false when its end is not there yet. Then nothing has changed.
    private mutating func readRow(
        _ bytes: Span<UInt8>, _ position: inout Int, isLast: Bool, _ emit: (Span<UInt8>) throws -> Void
    ) throws -> Bool {
        if skipBlankLine(bytes, &position) { return true }
        let startLine = line
        event.removeAll(keepingCapacity: true)
        var names: [String] = []
        var column = 0
        while true {
            var isQuoted = false
            let end = try readField(bytes, &position, isLast: isLast, &isQuoted)
            if case .open = end {
                line = startLine
                return false
            }
            if columns.isEmpty {
                names.append(String(decoding: field, as: UTF8.self))
            } else {
                guard column < columns.count else {
                    throw malformed("a row has more fields than the header", line: startLine)
                }
                event.append(contentsOf: keys[column])
                appendValue(kinds[column], isQuoted: isQuoted)
            }
            column += 1
            if case .row = end { break }
        }
        if columns.isEmpty {
            try setHeader(names)
            return true
        }
        guard column == columns.count else {
            throw malformed("a row has \(column) fields, the header \(columns.count)", line: startLine)
        }
        event.append(UInt8(ascii: "}"))
        rowCount += 1
        try emit(event.span)
        return true
    }

    private mutating func setHeader(_ names: [String]) throws(FileFormatsError) {
        if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw malformed("two columns have the name \(name)", line: 1)
        }
        if names.contains("") { throw malformed("a column has no name", line: 1) }
        columns = names
        kinds = names.map { options.columnKinds[$0] ?? .inferred }
        keys = names.enumerated().map { index, name in
            var key = [UInt8(ascii: index == 0 ? "{" : ",")]
            JSONValue.appendQuoted(name, to: &key)
            key.append(UInt8(ascii: ":"))
            return key
        }
    }

    private mutating func skipBlankLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
        var end = position
        if bytes[end] == UInt8(ascii: "\r"), end + 1 < bytes.count { end += 1 }
        guard bytes[end] == UInt8(ascii: "\n") else { return false }
        // In a file of one column an empty line is a null.
        if columns.count == 1 { return false }
        position = end + 1
        line += 1
        return true
    }

    /// Reads a field into `field` and moves behind its delimiter or line break.
    private mutating func readField(
        _ bytes: Span<UInt8>, _ position: inout Int, isLast: Bool, _ isQuoted: inout Bool
    ) throws(FileFormatsError) -> End {
        field.removeAll(keepingCapacity: true)
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            isQuoted = true
            return try readQuoted(bytes, &position, isLast: isLast)
        }
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == options.delimiter || byte == UInt8(ascii: "\n") { break }
            position += 1
        }
        guard position < bytes.count else {
            field.append(copying: bytes.extracting(start..<position))
            return isLast ? .row : .open
        }
        var end = position
        let isRowEnd = bytes[position] == UInt8(ascii: "\n")
        if isRowEnd {
            line += 1
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        }
        field.append(copying: bytes.extracting(start..<end))
        position += 1
        return isRowEnd ? .row : .field
    }

    private mutating func readQuoted(
        _ bytes: Span<UInt8>, _ position: inout Int, isLast: Bool
    ) throws(FileFormatsError) -> End {
        position += 1
        while true {
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                if bytes[position] == UInt8(ascii: "\n") { line += 1 }
                position += 1
            }
            field.append(copying: bytes.extracting(start..<position))
            guard position < bytes.count else {
                if isLast { throw malformed("the file ends inside quotes") }
                return .open
            }
            position += 1
            if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                field.append(UInt8(ascii: "\""))
                position += 1
                continue
            }
            break
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\r") { position += 1 }
        guard position < bytes.count else { return isLast ? .row : .open }
        let next = bytes[position]
        position += 1
        if next == options.delimiter { return .field }
        guard next == UInt8(ascii: "\n") else { throw malformed("text follows a closing quote") }
        line += 1
        return .row
    }

    private mutating func appendValue(_ kind: CSVColumnKind, isQuoted: Bool) {
        if !isQuoted, field.isEmpty || nullTexts.contains(field) {
            event.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
            return
        }
        if kind == .value || (kind == .inferred && !isQuoted) {
            if CSVText.isNumber(field.span) {
                event.append(contentsOf: field)
                return
            }
            if let value = CSVText.boolean(field.span) {
                event.append(contentsOf: (value ? "true" : "false").utf8)
                return
            }
        }
        CSVText.appendQuoted(field, to: &event)
    }
}

/// What the text of a field is.
enum CSVText {
    /// Whether the text is a number of JSON's grammar: digits with a leading zero are an id, no number.
    static func isNumber(_ text: Span<UInt8>) -> Bool {
        var position = 0
        func digits() -> Int {
            let start = position
            while position < text.count, text[position] &- 0x30 < 10 { position += 1 }
            return position - start
        }
        if position < text.count, text[position] == UInt8(ascii: "-") { position += 1 }
        let first = position
        let count = digits()
        if count == 0 || (count > 1 && text[first] == UInt8(ascii: "0")) { return false }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            if digits() == 0 { return false }
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count,
                text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-")
            {
                position += 1
            }
            if digits() == 0 { return false }
        }
        return position == text.count
    }

    /// `true` and `false` in any case.
    static func boolean(_ text: Span<UInt8>) -> Bool? {
        func equals(_ word: StaticString) -> Bool {
            var lower: UInt64 = 0
            for index in 0..<text.count { lower = lower << 8 | UInt64(text[index] | 0x20) }
            return "\(word)".utf8.reduce(0) { $0 << 8 | UInt64($1) } == lower
        }
        guard text.count == 4 || text.count == 5, text[0] | 0x20 == 0x74 || text[0] | 0x20 == 0x66 else {
            return nil
        }
        if text.count == 4 { return equals("true") ? true : nil }
        return equals("false") ? false : nil
    }

    /// Bytes that are no UTF-8 become U+FFFD: JSON has no others.
    static func appendQuoted(_ text: [UInt8], to bytes: inout [UInt8]) {
        let isPlain = text.allSatisfy {
            $0 >= 0x20 && $0 < 0x80 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: text)
            bytes.append(UInt8(ascii: "\""))
        } else {
            JSONValue.appendQuoted(String(decoding: text, as: UTF8.self), to: &bytes)
        }
    }
}
