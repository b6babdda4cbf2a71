import Columnar
import Iceberg
import Planner
import SQLSyntax

/// Changes a table's columns as Iceberg lets them change: by field id, so that no data file is rewritten.
///
/// Source: Iceberg table specification, "Schema Evolution".
struct SchemaEvolution {
    private(set) var schema: IcebergSchema
    private(set) var lastColumnID: Int
    private let formatVersion: Int
    /// Without rows everything may change that no file depends on.
    private let hasRows: Bool
    private let spec: PartitionSpec
    private let order: SortOrder

    init(of metadata: TableMetadata) {
        schema = metadata.currentSchema
        lastColumnID = metadata.lastColumnID
        formatVersion = metadata.formatVersion
        hasRows = !metadata.snapshots.isEmpty
        spec = metadata.defaultSpec
        order = metadata.defaultSortOrder
    }

    private var lookup: ColumnLookup { ColumnLookup(schema: schema) }

    /// - Errors: `PLA-115` when the name is taken, `SES-203`, `PLA-…` for unknown names and types.
    mutating func add(
        _ path: QualifiedName, _ column: ColumnSyntax, _ place: AlterTableSyntax.Place?, ifNotExists: Bool
    ) throws {
        let (parent, siblings) = try lookup.siblings(of: path)
        try requireStruct(parent, path, "has no columns to add to")
        let name = path.last.text
        if siblings.contains(where: { $0.name.lowercased() == name.lowercased() }) {
            if ifNotExists { return }
            throw nameTaken(path.last)
        }
        if column.isRequired, hasRows {
            throw forbidden(
                "a new column cannot be NOT NULL: the table's rows have no value for it", path,
                hint: "add it without NOT NULL")
        }
        var ids = FreshFieldIDs(after: lastColumnID)
        var definition = column
        definition.name = path.last
        let added = ids.assign([try TableDefinition.field(definition)])
        lastColumnID = ids.lastID
        replaceSiblings(of: parent, with: siblings + added)
        if let place { try move(path, place) }
    }

    /// - Errors: `SES-203` where a partition field, sort field or identifier needs the column.
    mutating func drop(_ path: QualifiedName, ifExists: Bool) throws {
        if ifExists, try !lookup.exists(path) { return }
        let (parent, siblings) = try lookup.siblings(of: path)
        let field = try lookup.find(path)
        try requireStruct(parent, path, "cannot be taken out of its list or map")
        let gone = Set(Self.ids(in: field))
        if let use = spec.fields.first(where: { $0.transform != .void && gone.contains($0.sourceID) }) {
            throw forbidden(
                "the column partitions the table", path, ["partition field": use.name],
                hint: "first: ALTER TABLE … DROP PARTITION FIELD \(Identifier(use.name))")
        }
        if order.fields.contains(where: { gone.contains($0.sourceID) }) {
            throw forbidden(
                "the table is sorted by the column", path, hint: "first: ALTER TABLE … WRITE UNORDERED")
        }
        if schema.identifierFieldIDs.contains(where: gone.contains) {
            throw forbidden("the column is one of those that identify a row", path)
        }
        guard siblings.count > 1 else {
            throw forbidden("it is the only column here", path, hint: "drop the table, or what is around it")
        }
        replaceSiblings(of: parent, with: siblings.filter { $0.id != field.id })
    }

    /// - Errors: `PLA-115` when the name is taken.
    mutating func rename(_ path: QualifiedName, to name: Identifier) throws {
        let (parent, siblings) = try lookup.siblings(of: path)
        let field = try lookup.find(path)
        try requireStruct(parent, path, "has the name its list or map gives it")
        if siblings.contains(where: { $0.id != field.id && $0.name.lowercased() == name.text.lowercased() }) {
            throw nameTaken(name)
        }
        if let clash = spec.fields.first(where: {
            parent == nil && $0.name == name.text && $0.transform != .void
                && ($0.sourceID != field.id || $0.transform != .identity)
        }) {
            throw forbidden("a partition field has this name", path, ["partition field": clash.name])
        }
        if let fault = ColumnName.fault(in: name.text) {
            throw forbidden("a column cannot be called so: its name \(fault)", path)
        }
        edit(field) { $0.name = name.text }
    }

    mutating func move(_ path: QualifiedName, _ place: AlterTableSyntax.Place) throws {
        let (parent, siblings) = try lookup.siblings(of: path)
        let field = try lookup.find(path)
        try requireStruct(parent, path, "has its place in its list or map")
        var others = siblings.filter { $0.id != field.id }
        switch place {
        case .first: others.insert(field, at: 0)
        case .after(let name):
            let before = try lookup.match(
                name, among: siblings, code: parent == nil ? .unknownColumn : .unknownField)
            guard let index = others.firstIndex(where: { $0.id == before.id }) else {
                throw forbidden("a column cannot come after itself", path)
            }
            others.insert(field, at: index + 1)
        }
        replaceSiblings(of: parent, with: others)
    }

    /// - Errors: `SES-203` with what the type may become.
    mutating func setType(_ path: QualifiedName, _ syntax: TypeSyntax) throws {
        let field = try lookup.find(path)
        let type = try TableDefinition.storable(
            try Planner.type(syntax), of: field.name, at: syntax.position)
        if type == field.type { return }
        guard TypePromotion.isAllowed(field.type, to: type, formatVersion: formatVersion) else {
            throw forbidden(
                "the column's type cannot become this one: files written so far hold the old one", path,
                ["is": field.type, "asked": type],
                hint: TypePromotion.hint(field.type, formatVersion: formatVersion))
        }
        if let key = schema.allFields.first(where: { $0.field.id == field.id }), key.path.hasSuffix(".key") {
            throw forbidden("the keys of a map keep their type", path)
        }
        for use in spec.fields where use.sourceID == field.id {
            guard use.transform.keepsPartitions(of: field.type, promotedTo: type) else {
                throw forbidden(
                    "the column partitions the table, and its transform gives other values then", path,
                    ["partition field": use.name])
            }
        }
        edit(field) { $0.type = type }
    }

    /// - Errors: `SES-203`.
    mutating func setRequired(_ path: QualifiedName, _ isRequired: Bool) throws {
        let field = try lookup.find(path)
        if field.isRequired == isRequired { return }
        if isRequired, hasRows {
            throw forbidden(
                "the column cannot become NOT NULL: rows of this or an earlier snapshot may hold NULL", path,
                hint: "make a new table with CREATE TABLE … AS")
        }
        if !isRequired, schema.identifierFieldIDs.contains(field.id ?? 0) {
            throw forbidden("the column is one of those that identify a row", path)
        }
        if !isRequired,
            schema.allFields.contains(where: { $0.field.id == field.id && $0.path.hasSuffix(".key") })
        {
            throw forbidden("the keys of a map are never NULL", path)
        }
        edit(field) { $0.isRequired = isRequired }
    }

    mutating func comment(_ path: QualifiedName, _ text: String?) throws {
        edit(try lookup.find(path)) { $0.doc = text }
    }
}

extension SchemaEvolution {
    /// Rewrites one field where it stands.
    private mutating func edit(_ field: Field, _ body: (inout Field) -> Void) {
        schema.fields = schema.fields.map { Self.edited($0, field.id, body) }
    }

    private mutating func replaceSiblings(of parent: Field?, with fields: [Field]) {
        guard let parent else {
            schema.fields = fields
            return
        }
        edit(parent) { $0.type = .structure(fields) }
    }

    private static func edited(_ field: Field, _ id: Int?, _ body: (inout Field) -> Void) -> Field {
        var field = field
        if field.id == id {
            body(&field)
            return field
        }
        switch field.type {
        case .structure(let fields): field.type = .structure(fields.map { edited($0, id, body) })
        case .list(let element): field.type = .list(edited(element, id, body))
        case .map(let key, let value):
            field.type = .map(key: edited(key, id, body), value: edited(value, id, body))
        default: break
        }
        return field
    }

    /// The field's own id and those of everything inside.
    private static func ids(in field: Field) -> [Int] {
        (field.id.map { [$0] } ?? []) + ColumnLookup.inside(field).flatMap(ids)
    }

    private func requireStruct(_ parent: Field?, _ path: QualifiedName, _ what: String) throws {
        guard let parent else { return }
        if case .structure = parent.type { return }
        let isList = if case .list = parent.type { true } else { false }
        throw forbidden(
            "this \(what)", path, ["type": parent.type],
            hint: isList ? "fields of a list's structs are called \(parent.name).element.…" : nil)
    }

    private func nameTaken(_ name: Identifier) -> PlannerError {
        PlannerError(
            .unlikeShape, "a column has this name already", ["column": name.text], at: name.position,
            hint: "names must differ in more than case")
    }

    private func forbidden(
        _ summary: String, _ path: QualifiedName, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) -> SessionsError {
        SessionsError(.changeForbidden, summary, context, at: path.position.place, hint: hint)
            .about("column", "\(path)")
    }
}
