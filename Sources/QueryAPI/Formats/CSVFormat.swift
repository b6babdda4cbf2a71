import Columnar
import FileFormats
import JSONText
import Wire

/// Comma-separated values with a line of names; a NULL is empty, an empty text is `""`.
///
/// Source: RFC 4180, with `\n` between lines. Nested values are JSON.
struct CSVFormat: ResultFormat {
    let contentType = "text/csv; charset=utf-8"
    private let names: [String]

    init(schema: Schema) { names = RowEncoder(schema: schema).names }

    func head() -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, name) in names.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            Self.append(Array(name.utf8)[...], to: &bytes)
        }
        bytes.append(0x0A)
        return bytes
    }

    func encode(_ batch: Batch) -> [UInt8] {
        let dense = batch.dense()
        let columns = dense.columns.map { CSVColumn($0) }
        var bytes: [UInt8] = []
        for row in 0..<dense.rowCount {
            for (index, column) in columns.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                column.append(row: row, to: &bytes)
            }
            bytes.append(0x0A)
        }
        return bytes
    }

    func tail(_ metrics: JSONObject) -> [UInt8] { [] }

    /// In quotes where it has a comma, a quote, a line break, or nothing at all.
    static func append(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        let needsQuotes =
            text.isEmpty
            || text.contains {
                $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D
            }
        guard needsQuotes else {
            output.append(contentsOf: text)
            return
        }
        output.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { output.append(byte) }
            output.append(byte)
        }
        output.append(UInt8(ascii: "\""))
    }
}

/// One column's values as fields.
private struct CSVColumn {
    private let column: Column
    /// Nil for text, which is written as it is.
    private let encoded: EncodedColumn?

    init(_ column: Column) {
        self.column = column
        encoded = column.type.isText ? nil : ColumnEncoder.encode(column)
    }

    func append(row: Int, to output: inout [UInt8]) {
        if column.isNull(row) { return }
        guard let encoded else {
            if case .string(let text) = column.scalar(at: row) {
                CSVFormat.append(Array(text.utf8)[...], to: &output)
            }
            return
        }
        var text: [UInt8] = []
        encoded.append(row: row, to: &text)
        // Dates, times, decimals and the like are JSON strings without escapes.
        let isQuoted = !column.type.isNested && text.first == UInt8(ascii: "\"") && text.count > 1
        CSVFormat.append(isQuoted ? text[1..<text.count - 1] : text[...], to: &output)
    }
}
