import Faults
import JSONText

/// Reads a request body of CSV with a head line into lines of JSON, typed by the stream's schema.
///
/// - Nulls: an empty field is left away, as a field that is not there.
package struct CSVBody: Sendable {
    private struct Column {
        /// `"name":`
        var prefix: [UInt8]
        var kind: CSVValue.Kind
    }

    private let kinds: [String: CSVValue.Kind]
    private let limit: Int

    /// `limit` bounds the JSON, which repeats the columns' names in each row.
    package init(schema: StreamSchema, limit: Int) {
        self.limit = limit
        guard case .fields(let fields) = schema else {
            kinds = [:]
            return
        }
        kinds = Dictionary(fields.map { ($0.name, CSVValue.kind(ofType: $0.type.name)) }) { first, _ in first
        }
    }

    package static func isNamed(by mediaType: String?) -> Bool {
        mediaType?.prefix { $0 != ";" }.lowercased().filter { $0 != " " } == "text/csv"
    }

    /// `reserve` hears how many bytes the lines may take, before they do.
    ///
    /// - Errors: `FMT-102` with the row, counted from 1 behind the head; `FMT-103` above the limit; what `reserve` throws.
    package func lines(of bytes: [UInt8], reserve: (Int) throws -> Void) throws -> [UInt8] {
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var text: [UInt8] = []
        var ends: [Int] = []
        var columns: [Column] = []
        var body: [UInt8] = []
        var reserved = 0
        var row = 0
        while position < bytes.count {
            guard let end = CSVRow.end(bytes, from: position) else {
                throw Self.malformed("a quoted field does not end", row)
            }
            let range = position..<end.row
            position = end.next
            if range.isEmpty { continue }
            guard CSVRow.split(bytes, range, text: &text, ends: &ends) else {
                throw Self.malformed("text follows a quoted field", row)
            }
            if let field = CSVRow.firstInvalidField(text, ends) {
                throw FileFormatsError(
                    .malformedBody, "a field is not UTF-8", ["row": row + 1, "column": field + 1])
            }
            if columns.isEmpty {
                columns = try head(text, ends)
                continue
            }
            row += 1
            guard ends.count == columns.count else {
                throw FileFormatsError(
                    .malformedBody, "a row has another number of fields than the head",
                    ["row": row, "fields": ends.count, "columns": columns.count])
            }
            write(columns, text, ends, to: &body)
            guard body.count <= limit else {
                throw FileFormatsError(
                    .tooLarge, "the rows make too much JSON", ["limit": limit, "row": row])
            }
            if body.count > reserved {
                // As the array grows.
                reserved = max(body.count * 2, bytes.count * 2)
                try reserve(reserved)
            }
        }
        guard !columns.isEmpty else {
            throw FileFormatsError(.malformedBody, "the CSV body has no head line", at: .byte(0))
        }
        return body
    }

    private func head(_ text: [UInt8], _ ends: [Int]) throws(FileFormatsError) -> [Column] {
        var columns: [Column] = []
        var names: Set<String> = []
        for index in ends.indices {
            guard let name = String(validating: Self.field(index, text, ends), as: UTF8.self), !name.isEmpty
            else {
                throw FileFormatsError(.malformedBody, "a column has no name", ["column": index + 1])
            }
            guard names.insert(name).inserted else {
                throw FileFormatsError(.malformedBody, "two columns have the same name", ["column": name])
            }
            var prefix: [UInt8] = []
            JSONValue.appendQuoted(name, to: &prefix)
            columns.append(Column(prefix: prefix + [UInt8(ascii: ":")], kind: kinds[name] ?? .inferred))
        }
        return columns
    }

    private func write(_ columns: [Column], _ text: [UInt8], _ ends: [Int], to body: inout [UInt8]) {
        body.append(UInt8(ascii: "{"))
        var isFirst = true
        for index in columns.indices {
            let field = Self.field(index, text, ends)
            if field.isEmpty { continue }
            if !isFirst { body.append(UInt8(ascii: ",")) }
            isFirst = false
            body += columns[index].prefix
            CSVValue.write(field, as: columns[index].kind, to: &body)
        }
        body += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
    }

    private static func field(_ index: Int, _ text: [UInt8], _ ends: [Int]) -> ArraySlice<UInt8> {
        text[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    private static func malformed(_ summary: String, _ row: Int) -> FileFormatsError {
        FileFormatsError(.malformedBody, summary, ["row": row + 1])
    }
}
