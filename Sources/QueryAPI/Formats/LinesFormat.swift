import Columnar
import FileFormats
import JSONText
import Wire

/// A JSON object a row, a row a line.
struct LinesFormat: ResultFormat {
    let contentType = "application/x-ndjson"
    private let keys: [[UInt8]]

    init(schema: Schema) { keys = RowEncoder.keys(RowEncoder(schema: schema).names) }

    func head() -> [UInt8] { [] }

    func encode(_ batch: Batch) -> [UInt8] {
        let dense = batch.dense()
        let columns = dense.columns.map(ColumnEncoder.encode)
        var bytes: [UInt8] = []
        for row in 0..<dense.rowCount {
            RowEncoder.appendObject(row: row, keys: keys, columns, to: &bytes)
            bytes.append(0x0A)
        }
        return bytes
    }

    func tail(_ metrics: JSONObject) -> [UInt8] { [] }

    /// An object without the columns' names, for who reads on past the abort.
    func failure(_ error: any Error) -> [UInt8] { Array(EnvelopeFormat.line(error).dropFirst()) }
}
