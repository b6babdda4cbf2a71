import Columnar
import Iceberg
import SQLSyntax

/// A table as the statement that would make it.
struct TableText {
    private let metadata: TableMetadata
    private let schema: IcebergSchema

    init(_ metadata: TableMetadata) {
        self.metadata = metadata
        schema = metadata.currentSchema
    }

    /// Without the location: two tables cannot have the same.
    func statement(_ name: String) -> String {
        let columns = schema.fields.map { "  \(Identifier($0.name)) \(Self.definition($0))" }
        var lines = ["CREATE TABLE \(name) (\n\(columns.joined(separator: ",\n"))\n)"]
        if !partitions.isEmpty { lines.append("PARTITIONED BY (\(partitions.joined(separator: ", ")))") }
        if !order.isEmpty { lines.append("SORTED BY (\(order.joined(separator: ", ")))") }
        var properties = metadata.properties
        if metadata.formatVersion != TableMetadata.defaultFormatVersion {
            properties["format-version"] = "\(metadata.formatVersion)"
        }
        if let text = Self.properties(properties) { lines.append(text) }
        return lines.joined(separator: "\n")
    }

    static func properties(_ properties: [String: String]) -> String? {
        if properties.isEmpty { return nil }
        let pairs = properties.sorted { $0.key < $1.key }.map {
            "\(SQLText.quoted($0.key)) = \(SQLText.quoted($0.value))"
        }
        return "TBLPROPERTIES (\(pairs.joined(separator: ", ")))"
    }

    /// `day(at) AS at_day`; the name only where it is not the usual one.
    var partitions: [String] {
        metadata.defaultSpec.fields.filter { $0.transform != .void }.map { field in
            let text = call(field.transform, of: field.sourceID)
            let usual = TransformDefinition.defaultName(
                schema.place(ofFieldID: field.sourceID)?.path ?? "", field.transform)
            return field.name == usual ? text : "\(text) AS \(Identifier(field.name))"
        }
    }

    var order: [String] {
        metadata.defaultSortOrder.fields.map { field in
            call(field.transform, of: field.sourceID) + (field.isDescending ? " DESC" : "")
                + (field.nullsFirst == field.isDescending
                    ? "" : field.nullsFirst ? " NULLS FIRST" : " NULLS LAST")
        }
    }

    private func call(_ transform: Transform, of id: Int) -> String {
        let names = (schema.place(ofFieldID: id)?.path ?? "?").split(separator: ".")
        let column =
            schema.fields.first { $0.id == id }.map { "\(Identifier($0.name))" }
            ?? names.map { "\(Identifier(String($0)))" }.joined(separator: ".")
        switch transform {
        case .identity: return column
        case .bucket(let count): return "bucket(\(count), \(column))"
        case .truncate(let width): return "truncate(\(width), \(column))"
        default: return "\(transform)(\(column))"
        }
    }

    /// `BIGINT NOT NULL COMMENT 'who'`
    private static func definition(_ field: Field) -> String {
        type(field.type) + (field.isRequired ? " NOT NULL" : "")
            + (field.doc.map { " COMMENT \(SQLText.quoted($0))" } ?? "")
    }

    /// The type as CREATE TABLE reads it.
    static func type(_ type: DataType) -> String {
        switch type {
        case .long: "BIGINT"
        case .timestampNanos: "TIMESTAMP_NS"
        case .timestamptzNanos: "TIMESTAMPTZ_NS"
        case .list(let element): "ARRAY<\(Self.type(element.type))>"
        case .map(let key, let value): "MAP<\(Self.type(key.type)), \(Self.type(value.type))>"
        case .structure(let fields):
            "STRUCT<" + fields.map { "\(Identifier($0.name)) \(definition($0))" }.joined(separator: ", ")
                + ">"
        default: "\(type)".uppercased()
        }
    }
}
