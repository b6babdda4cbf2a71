import Catalogs
import Columnar
import Iceberg
import Kernels
import Planner
import SQLSyntax

/// SHOW, DESCRIBE, CREATE and DROP: statements about the catalog, answered in one batch.
struct CatalogStatements {
    let session: Session
    let warehouse: Warehouse
    let request: StatementRequest

    private var catalog: Catalog { session.catalog }

    init(_ session: Session, _ warehouse: Warehouse, _ request: StatementRequest) {
        self.session = session
        self.warehouse = warehouse
        self.request = request
    }

    var resolver: TableResolver {
        TableResolver(catalog: catalog, warehouse: warehouse, request: request)
    }

    /// All namespaces the caller may know of, outer before inner, their levels joined by periods.
    func namespaces(like pattern: String?) async throws -> Batch {
        try request.authorize(.list(namespace: nil))
        var names: [String] = []
        var open = try await catalog.listNamespaces(in: warehouse).entries
        while !open.isEmpty {
            let namespace = open.removeFirst()
            // Who may not know of a namespace may not know of any inside either.
            guard request.allows(.list(namespace: namespace.levels)) else { continue }
            names.append(Self.text(namespace.levels))
            open += try await catalog.listNamespaces(in: warehouse, parent: namespace).entries
        }
        return try filtered(Self.texts(["namespace"], names.sorted().map { [$0] }), like: pattern)
    }

    /// Everything the registry has, by name; each alias is a row of its own.
    func functions(like pattern: String?) throws -> Batch {
        let rows = FunctionPage.entries.map { entry -> [String?] in
            [entry.name, entry.kind, entry.arguments, entry.summary, entry.example]
        }
        return try filtered(
            Self.texts(["function_name", "kind", "arguments", "description", "example"], rows), like: pattern)
    }

    /// The tables of a namespace that the caller may read.
    func tables(in name: QualifiedName?, like pattern: String?) async throws -> Batch {
        let namespace = try await listed(name, for: "SHOW TABLES")
        let tables = try await catalog.listTables(in: namespace, of: warehouse).entries
        return try listing(tables, as: "table_name", like: pattern)
    }

    /// The views of a namespace that the caller may read.
    func views(in name: QualifiedName?, like pattern: String?) async throws -> Batch {
        let namespace = try await listed(name, for: "SHOW VIEWS")
        let views = try await catalog.listViews(in: namespace, of: warehouse).entries
        return try listing(views, as: "view_name", like: pattern)
    }

    private func listed(_ name: QualifiedName?, for statement: String) async throws -> Namespace {
        let levels = name?.texts ?? request.namespace
        guard !levels.isEmpty else {
            throw SessionsError(
                .namespaceMissing, "\(statement) needs a namespace",
                hint: "write \(statement) IN namespace")
        }
        try request.authorize(.list(namespace: levels))
        return try await resolver.spelling(of: Namespace(levels)) ?? Namespace(levels)
    }

    private func listing(
        _ entries: [TableIdentifier], as column: String, like pattern: String?
    ) throws -> Batch {
        let rows = entries.filter { request.allows(TableResolver.reading($0)) }
            .map { [$0.name, Self.text($0.namespace.levels)] }
        return try filtered(Self.texts([column, "namespace"], rows), like: pattern)
    }

    func create(_ syntax: CreateNamespaceSyntax) async throws -> Batch {
        try request.authorize(.changeNamespace(syntax.name.texts))
        do {
            try await catalog.createNamespace(
                Namespace(syntax.name.texts), in: warehouse,
                properties: try TableDefinition.properties(syntax.properties))
            return Self.status("created")
        } catch let fault as CatalogError where fault.code == .alreadyExists && syntax.ifNotExists {
            return Self.status("exists")
        }
    }

    func drop(_ name: QualifiedName, ifExists: Bool, isCascading: Bool) async throws -> Batch {
        try request.authorize(.changeNamespace(name.texts))
        do {
            try await catalog.dropNamespace(Namespace(name.texts), in: warehouse, cascade: isCascading)
            return Self.status("dropped")
        } catch let fault as CatalogError where fault.code == .noSuchNamespace && ifExists {
            return Self.status("absent")
        }
    }

    /// Sets and removes properties of a namespace.
    ///
    /// - Errors: `CAT-102`, `CAT-202`.
    func alter(_ name: QualifiedName, _ change: PropertyChangeSyntax) async throws -> Batch {
        try request.authorize(.changeNamespace(name.texts))
        let namespace = try await resolver.spelling(of: Namespace(name.texts)) ?? Namespace(name.texts)
        try request.authorize(.changeNamespace(namespace.levels))
        _ = try await catalog.updateNamespaceProperties(
            namespace, in: warehouse, set: try TableDefinition.properties(change.updates),
            remove: Set(change.removals))
        return Self.status("altered")
    }

    /// Rows whose first column matches.
    private func filtered(_ batch: Batch, like pattern: String?) throws -> Batch {
        guard let pattern, batch.rowCount > 0 else { return batch }
        let matches = try ScalarFunction.like.evaluate(
            [batch.columns[0], .constant(.string(pattern), .string, count: batch.rowCount)],
            rowCount: batch.rowCount, result: .boolean)
        let rows = (0..<batch.rowCount).filter { matches.scalar(at: $0) == .boolean(true) }
        return batch.selecting(rows.map { Int32($0) }).dense()
    }

    static func status(_ text: String) -> Batch { texts(["status"], [[text]]) }

    static func text(_ levels: [String]) -> String {
        levels.map { Identifier($0).description }.joined(separator: ".")
    }

    static func texts(_ names: [String], _ rows: [[String?]]) -> Batch {
        let columns = names.indices.map { index in
            Column(.string, rows.map { $0[index].map { Scalar.string($0) } ?? .null })
        }
        return Batch(schema: Schema(names.map { Field($0, .string) }), columns: columns, rowCount: rows.count)
    }
}
