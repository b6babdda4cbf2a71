import Faults
import JSONText

/// Reads a request body of CSV with a head line into lines of JSON, typed by the stream's schema.
///
/// - Nulls: an empty field is left away, as a field that is not there.
package struct CSVBody: Sendable {
    private let kinds: [MemberName: CSVValue.Kind]
    private let limit: Int

    /// `limit` bounds the JSON, which repeats the columns' names in each row.
    package init(schema: StreamSchema, limit: Int) {
        self.limit = limit
        guard case .fields(let fields) = schema else {
            kinds = [:]
            return
        }
        kinds = Dictionary(
            fields.map { (MemberName($0.name), CSVValue.kind(ofType: $0.type.name)) }
        ) { first, _ in first }
    }

    package static func isNamed(by mediaType: String?) -> Bool {
        MediaTypeName.of(mediaType) == "text/csv"
    }

    /// `reserve` hears how many bytes the lines may take, before they do.
    ///
    /// - Errors: `FMT-102` with the row, counted from 1 behind the head; `FMT-103` above the limit; what `reserve` throws.
    package func lines(of bytes: [UInt8], reserve: (Int) throws -> Void) throws -> [UInt8] {
        var position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var scanner = CSVRowScanner()
        var text: [UInt8] = []
        var ends: [Int] = []
        var columns: CSVColumns?
        var body: [UInt8] = []
        var reserved = 0
        var row = 0
        while let range = try nextRow(bytes, &scanner, &position, after: row) {
            if range.isEmpty { continue }
            guard CSVRow.split(bytes, range, text: &text, ends: &ends) else {
                throw Self.malformed(CSVFault("text follows a quoted field"), row + 1)
            }
            if let field = CSVRow.firstInvalidField(text, ends) {
                throw FileFormatsError(
                    .malformedBody, "a field is not UTF-8", ["row": row + 1, "column": field + 1])
            }
            guard let head = columns else {
                columns = try head(text, ends)
                continue
            }
            row += 1
            guard ends.count == head.count else {
                throw FileFormatsError(
                    .malformedBody, "a row has another number of fields than the head",
                    ["row": row, "fields": ends.count, "columns": head.count])
            }
            head.write(text, ends, to: &body)
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
        guard columns != nil else {
            throw FileFormatsError(.malformedBody, "the CSV body has no head line", at: .byte(0))
        }
        return body
    }

    private func nextRow(
        _ bytes: [UInt8], _ scanner: inout CSVRowScanner, _ position: inout Int, after row: Int
    ) throws(FileFormatsError) -> Range<Int>? {
        do throws(CSVFault) {
            guard let end = try scanner.rowEnd(bytes, from: position, isLast: true) else { return nil }
            defer { position = end.next }
            return position..<end.row
        } catch { throw Self.malformed(error, row + 1) }
    }

    private func head(_ text: [UInt8], _ ends: [Int]) throws(FileFormatsError) -> CSVColumns {
        do throws(CSVFault) { return try CSVColumns(head: text, ends, kinds: kinds) } catch {
            throw Self.malformed(error, nil)
        }
    }

    private static func malformed(_ fault: CSVFault, _ row: Int?) -> FileFormatsError {
        FileFormatsError(
            .malformedBody, fault.summary, context: fault.context + (row.map { [("row", "\($0)")] } ?? []),
            hint: fault.hint)
    }
}
