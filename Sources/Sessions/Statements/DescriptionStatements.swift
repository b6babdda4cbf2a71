import Catalogs
import Columnar
import Effects
import Faults
import Iceberg
import Planner
import SQLSyntax

/// DESCRIBE and SHOW CREATE.
struct DescriptionStatements {
    private let statements: CatalogStatements

    init(_ statements: CatalogStatements) { self.statements = statements }

    /// One row per column, as DataFusion has it, with the partition transforms beside; extended, then rows whose name
    /// starts with `#`.
    func describe(_ name: QualifiedName, isExtended: Bool) async throws -> Batch {
        let rows: [[String?]]
        switch try await statements.resolver.find(name, for: TableResolver.reading) {
        case .table(let table):
            rows = Self.columns(of: table.metadata) + (isExtended ? facts(about: table) : [])
        case .view(_, let view):
            let schema = view.metadata.currentVersion.flatMap { view.metadata.schema(withID: $0.schemaID) }
            let fields = try await current(schema?.fields ?? [], of: name)
            rows = Self.columns(fields, [:]) + (isExtended ? facts(about: view.metadata) : [])
        }
        return Self.answer(rows)
    }

    /// A view's columns with the types that a query of it sees, which are wider where its tables have become so; as promised
    /// where the view cannot be read.
    private func current(_ promised: [Field], of view: QualifiedName) async throws -> [Field] {
        do {
            let query = QuerySyntax.everything(of: .named(NamedTableSyntax(name: view)))
            let seen = try await statements.session.columns(
                of: query, in: statements.warehouse, statements.request)
            return zip(promised, seen).map { field, column in
                var field = field
                field.type = column.type
                return field
            }
        } catch let fault as any Fault where fault.kind != .cancelled {
            return promised
        }
    }

    /// The columns of a query.
    static func answer(_ fields: [Field]) -> Batch { answer(columns(fields, [:])) }

    private static func answer(_ rows: [[String?]]) -> Batch {
        CatalogStatements.texts(["column_name", "data_type", "is_nullable", "partition", "comment"], rows)
    }

    private static func columns(of metadata: TableMetadata) -> [[String?]] {
        var transforms: [Int: [String]] = [:]
        for field in metadata.defaultSpec.fields {
            transforms[field.sourceID, default: []].append("\(field.transform)")
        }
        return columns(metadata.currentSchema.fields, transforms)
    }

    private static func columns(_ fields: [Field], _ transforms: [Int: [String]]) -> [[String?]] {
        fields.map { field in
            let partition = field.id.flatMap { transforms[$0] }?.joined(separator: ", ")
            return [field.name, "\(field.type)", field.isRequired ? "NO" : "YES", partition, field.doc]
        }
    }

    private func facts(about table: LoadedTable) -> [[String?]] {
        let metadata = table.metadata
        let definition = TableText(metadata)
        var facts: [(String, String?)] = [
            ("kind", "table"), ("location", metadata.location), ("uuid", "\(metadata.uuid)"),
            ("format-version", "\(metadata.formatVersion)"), ("metadata", table.metadataLocation),
            ("snapshot", metadata.currentSnapshotID.map { "\($0)" }),
            ("partitioned by", definition.partitions.joined(separator: ", ")),
            ("sorted by", definition.order.joined(separator: ", ")),
        ]
        for (name, value) in metadata.properties.sorted(by: { $0.key < $1.key }) {
            facts.append(("property \(name)", value))
        }
        return Self.rows(facts)
    }

    private func facts(about view: ViewMetadata) -> [[String?]] {
        let version = view.currentVersion
        var facts: [(String, String?)] = [
            ("kind", "view"), ("location", view.location), ("uuid", "\(view.uuid)"),
            ("version", "\(view.currentVersionID)"),
            ("default namespace", version.map { CatalogStatements.text($0.defaultNamespace.levels) }),
        ]
        for representation in version?.representations ?? [] {
            facts.append(("query \(representation.dialect ?? "?")", representation.sql))
        }
        for (name, value) in view.properties.sorted(by: { $0.key < $1.key }) {
            facts.append(("property \(name)", value))
        }
        return Self.rows(facts)
    }

    private static func rows(_ facts: [(String, String?)]) -> [[String?]] {
        facts.filter { $0.1?.isEmpty == false }.map { ["# \($0.0)", $0.1, nil, nil, nil] }
    }

    /// The statement that would make the same again, elsewhere.
    ///
    /// - Errors: `SES-105` when it is of the other kind, `SES-107`.
    func create(_ name: QualifiedName, isView: Bool) async throws -> Batch {
        switch try await statements.resolver.find(name, for: TableResolver.reading) {
        case .table(let table) where !isView:
            return CatalogStatements.texts(
                ["statement"], [[TableText(table.metadata).statement(Self.name(table.identifier))]])
        case .view(let identifier, let view) where isView:
            return CatalogStatements.texts(["statement"], [[try Self.statement(identifier, view.metadata)]])
        case .table:
            throw SessionsError(
                .wrongKind, "this is a table, not a view", ["name": "\(name)"], at: name.position.place)
        case .view:
            throw SessionsError(
                .wrongKind, "this is a view, not a table", ["name": "\(name)"], at: name.position.place)
        }
    }

    private static func name(_ identifier: TableIdentifier) -> String {
        CatalogStatements.text(identifier.namespace.levels + [identifier.name])
    }

    private static func statement(_ identifier: TableIdentifier, _ view: ViewMetadata) throws -> String {
        let definition = try ViewDefinition(of: view, called: identifier)
        let columns = definition.fields.map { field in
            "\(Identifier(field.name))" + (field.doc.map { " COMMENT \(SQLText.quoted($0))" } ?? "")
        }
        let properties = TableText.properties(
            view.properties.filter { $0.key != "replace.drop-dialect.allowed" })
        return "CREATE VIEW \(name(identifier)) (\(columns.joined(separator: ", ")))"
            + (properties.map { "\n\($0)" } ?? "") + " AS\n\(definition.sql)"
    }
}
