import Columnar
import FileFormats
import JSONText
import Wire

/// Arrow's IPC stream.
struct ArrowFormat: ResultFormat {
    let contentType = ResultMedia.arrow.rawValue
    private let encoder: ArrowStreamEncoder
    private let columns: FileColumns

    /// - Errors: `QRY-104` for lists, maps and structs of nothing but NULL.
    init(schema: Schema) throws {
        columns = try FileColumns(schema)
        encoder = try ArrowStreamEncoder(schema: columns.schema)
    }

    func head() throws -> [UInt8] { [] }
    func encode(_ batch: Batch) throws -> [UInt8] { try encoder.encode(columns.fitted(batch)) }
    func tail(_ metrics: JSONObject) throws -> [UInt8] { try encoder.finish() }
}

/// A Parquet file; its row groups leave as they fill.
struct ParquetFormat: ResultFormat {
    let contentType = ResultMedia.parquet.rawValue
    private let encoder: ParquetEncoder
    private let columns: FileColumns

    /// - Errors: `QRY-104` for intervals, which Parquet readers do not share a form of.
    init(schema: Schema) throws {
        if let field = schema.fields.first(where: { $0.type.holdsInterval }) {
            throw QueryAPIError(
                .unwritableType, "a Parquet file has no place for a column's type",
                ["column": field.name, "type": field.type], hint: "cast it to text, or ask for another format"
            )
        }
        columns = try FileColumns(schema)
        encoder = ParquetEncoder(schema: columns.schema)
    }

    func head() throws -> [UInt8] { [] }
    func encode(_ batch: Batch) throws -> [UInt8] { try encoder.encode(columns.fitted(batch)) }
    func tail(_ metrics: JSONObject) throws -> [UInt8] { try encoder.finish().bytes }
}

/// An answer's columns as files take them: names that differ, text for JSON and for columns of nothing but NULL.
private struct FileColumns {
    let schema: Schema

    init(_ schema: Schema) throws(QueryAPIError) {
        if let field = schema.fields.first(where: { $0.type != .null && $0.type.holdsNull }) {
            throw QueryAPIError(
                .unwritableType, "what is in a column is NULL without a type",
                ["column": field.name, "type": field.type], hint: "cast it, or ask for JSON")
        }
        let names = RowEncoder(schema: schema).names
        self.schema = Schema(
            zip(schema.fields, names).map { field, name in
                Field(name, field.type == .json || field.type == .null ? .string : field.type)
            })
    }

    func fitted(_ batch: Batch) -> Batch {
        let dense = batch.dense()
        let columns = zip(dense.columns, schema.fields).map { column, field -> Column in
            if column.type == .null { return .nulls(.string, count: column.count) }
            return column.type == field.type ? column : column.reinterpreted(as: field.type)
        }
        return Batch(schema: schema, columns: columns, rowCount: dense.rowCount)
    }
}

extension DataType {
    fileprivate var holdsInterval: Bool { holds(.interval) }
    fileprivate var holdsNull: Bool { holds(.null) }

    private func holds(_ wanted: DataType) -> Bool {
        switch self {
        case .list(let element): element.type.holds(wanted)
        case .map(let key, let value): key.type.holds(wanted) || value.type.holds(wanted)
        case .structure(let fields): fields.contains { $0.type.holds(wanted) }
        default: self == wanted
        }
    }
}
