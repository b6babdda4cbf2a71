import Catalogs
import Columnar
import Iceberg
import Planner
import SQLSyntax

/// What CREATE TABLE says, as the catalog takes it.
struct TableDefinition {
    let schema: IcebergSchema
    let spec: PartitionSpec
    let order: SortOrder
    let properties: [String: String]
    let location: String?

    /// `queried` are the columns of AS, which count where the statement lists none; field ids come after `lastFieldID`.
    ///
    /// - Errors: `PLA-…` with the place, `ICE-1xx`.
    init(_ syntax: CreateTableSyntax, queried: Schema? = nil, after lastFieldID: Int = 0) throws {
        let fields =
            syntax.columns.isEmpty
            ? try Self.fields(of: queried ?? Schema([]), syntax) : try syntax.columns.map(Self.field)
        try Self.requireDifferentNames(fields, syntax)
        schema = IcebergSchema(fields: fields).withFreshIDs(after: lastFieldID).schema
        let transforms = TransformDefinition(schema: schema)
        spec = try transforms.spec(syntax.partitions)
        order = try transforms.order(syntax.order)
        properties = try Self.properties(syntax.properties)
        location = syntax.location
    }

    func request(_ identifier: TableIdentifier) -> CreateTable {
        CreateTable(
            identifier: identifier, schema: schema, spec: spec, order: order, location: location,
            properties: properties)
    }

    /// - Errors: `PLA-115` for a name given twice.
    static func properties(_ list: [PropertySyntax]) throws -> [String: String] {
        var result: [String: String] = [:]
        for property in list where result.updateValue(property.value, forKey: property.name) != nil {
            throw PlannerError(
                .unlikeShape, "a property is given twice", ["name": property.name], at: property.position)
        }
        return result
    }

    static func field(_ column: ColumnSyntax) throws -> Field {
        if let fault = ColumnName.fault(in: column.name.text) {
            throw PlannerError(
                .invalidName, "a column cannot be made: its name \(fault)", at: column.name.position)
        }
        let type = try storable(try Planner.type(column.type), of: column.name.text, at: column.type.position)
        return Field(column.name.text, type, isRequired: column.isRequired, doc: column.comment)
    }

    private static func fields(of schema: Schema, _ syntax: CreateTableSyntax) throws -> [Field] {
        try schema.fields.map { field in
            Field(
                field.name,
                try storable(field.type, of: field.name, at: syntax.source?.position ?? syntax.position))
        }
    }

    /// The type as tables keep it: JSON as its text, a NULL column as text, as PostgreSQL has it.
    ///
    /// - Errors: `PLA-201` for intervals.
    static func storable(_ type: DataType, of column: String, at position: TextPosition) throws -> DataType {
        func inside(_ field: Field) throws -> Field {
            Field(
                field.name, try storable(field.type, of: column, at: position), isRequired: field.isRequired,
                doc: field.doc)
        }
        switch type {
        case .json, .null: return .string
        case .list(let element): return .list(try inside(element))
        case .map(let key, let value): return .map(key: try inside(key), value: try inside(value))
        case .structure(let fields): return .structure(try fields.map(inside))
        case .interval:
            throw PlannerError(
                .unsupported, "no table stores a column of this type", ["column": column, "type": type],
                at: position, hint: "keep its seconds as a BIGINT, or its text")
        default: return type
        }
    }

    private static func requireDifferentNames(_ fields: [Field], _ syntax: CreateTableSyntax) throws {
        var seen = Set<String>()
        for (index, field) in fields.enumerated() where !seen.insert(field.name.lowercased()).inserted {
            let position =
                syntax.columns.isEmpty ? syntax.source?.position : syntax.columns[index].name.position
            throw PlannerError(
                .unlikeShape, "two columns of the table have this name", ["column": field.name],
                at: position ?? syntax.position, hint: "names must differ in more than case")
        }
    }
}
