import Catalogs
import Columnar
import Iceberg
import Planner
import SQLSyntax

/// Finds the tables and views a statement names: exactly, then by the only name that differs in case.
struct TableResolver {
    let catalog: Catalog
    let warehouse: Warehouse
    let request: StatementRequest
    /// Tables that are known already, as they were at one moment.
    var moment: TableMoment?

    func load(_ name: QualifiedName) async throws -> LoadedTable { try await load(name, for: Self.reading) }

    /// Finds the table for something other than reading it.
    ///
    /// - Errors: as `find`; `SES-105` for a view and for a part of a table.
    func loadForChange(_ name: QualifiedName) async throws -> LoadedTable {
        do {
            return try await load(name, for: Self.changing)
        } catch let fault as PlannerError where fault.code == .unknownTable {
            try await refusePart(name)
            throw fault
        }
    }

    /// What the table is really called, to drop it: its metadata is not read, which may be damaged.
    ///
    /// - Errors: as `load`, but for `CAT-401`.
    func identifyForChange(_ name: QualifiedName) async throws -> TableIdentifier {
        do {
            return try await find(name, for: Self.changing) { table in
                if try await catalog.tableExists(table, in: warehouse) { return table }
                if try await catalog.viewExists(table, in: warehouse) { throw isView(name) }
                return nil
            }
        } catch let fault as PlannerError where fault.code == .unknownTable {
            try await refusePart(name)
            throw fault
        }
    }

    typealias Access = (TableIdentifier) -> StatementAccess

    static func reading(_ table: TableIdentifier) -> StatementAccess {
        .readTable(namespace: table.namespace.levels, table: table.name)
    }

    static func changing(_ table: TableIdentifier) -> StatementAccess {
        .changeTable(namespace: table.namespace.levels, table: table.name)
    }

    /// What a name stands for.
    enum Found {
        case table(LoadedTable)
        case view(TableIdentifier, LoadedView)
    }

    /// - Errors: `PLA-103` with the place and perhaps a guess; `SES-101`; what `authorize` throws; `CAT-401`.
    func find(_ name: QualifiedName, for access: Access) async throws -> Found {
        try await find(name, for: access) { try await loadIfThere($0) }
    }

    private func find<Result>(
        _ name: QualifiedName, for access: Access, _ look: (TableIdentifier) async throws -> Result?
    ) async throws -> Result {
        func findIfThere(_ table: TableIdentifier) async throws -> Result? {
            try request.authorize(access(table))
            return try await look(table)
        }
        let namespace = try namespace(of: name)
        let exact = TableIdentifier(namespace: Namespace(namespace), name: name.last.text)
        if let found = try await findIfThere(exact) { return found }
        // The exact name is not there: look for another spelling among what the caller may touch.
        guard let spelled = try await spelling(of: Namespace(namespace)) else {
            throw missing(name, try await nearNamespace(namespace).map { "\($0).\(name.last)" })
        }
        let all =
            try await catalog.listTables(in: spelled, of: warehouse).entries
            + catalog.listViews(in: spelled, of: warehouse).entries
        let candidates = all.filter { request.allows(access($0)) }
        let similar = candidates.filter { $0.name.lowercased() == name.last.text.lowercased() }
        if similar.count == 1, let found = try await findIfThere(similar[0]) { return found }
        throw missing(
            name, NearestName.find(name.last.text, among: candidates.map(\.name)).map { "\(Identifier($0))" })
    }

    private func load(_ name: QualifiedName, for access: Access) async throws -> LoadedTable {
        switch try await find(name, for: access) {
        case .table(let table): return table
        case .view: throw isView(name)
        }
    }

    private func isView(_ name: QualifiedName) -> SessionsError {
        SessionsError(.wrongKind, "this is a view, not a table", ["name": "\(name)"], at: name.position.place)
    }

    /// What a new table or view of this name is called: the namespace has the case it really has.
    func newIdentifier(_ name: QualifiedName) async throws -> TableIdentifier {
        let asked = TableIdentifier(namespace: Namespace(try namespace(of: name)), name: name.last.text)
        try request.authorize(Self.changing(asked))
        guard let spelled = try await spelling(of: asked.namespace), spelled != asked.namespace else {
            return asked
        }
        let found = TableIdentifier(namespace: spelled, name: asked.name)
        try request.authorize(Self.changing(found))
        return found
    }

    func namespace(of name: QualifiedName) throws -> [String] {
        let levels = Array(name.texts.dropLast())
        guard levels.isEmpty, request.namespace.isEmpty else {
            return levels.isEmpty ? request.namespace : levels
        }
        throw SessionsError(
            .namespaceMissing, "the table is named without its namespace", ["table": "\(name)"],
            at: name.position.place, hint: "write namespace.\(name.last)")
    }

    private func loadIfThere(_ name: TableIdentifier) async throws -> Found? {
        if let known = moment?[name] { return .table(known) }
        do {
            return .table(try await catalog.loadTable(name, in: warehouse))
        } catch let fault as CatalogError where fault.code == .noSuchTable || fault.code == .noSuchNamespace {
            do {
                return .view(name, try await catalog.loadView(name, in: warehouse))
            } catch let fault as CatalogError
                where fault.code == .noSuchView || fault.code == .noSuchNamespace
            {
                return nil
            }
        }
    }

    /// The namespace with the case it really has; nil when there is none, or several differ only in case.
    ///
    /// Those that the caller may not know of are none: whether they are there changes no answer.
    func spelling(of namespace: Namespace) async throws -> Namespace? {
        guard mayKnow(namespace) else { return nil }
        if try await catalog.namespaceExists(namespace, in: warehouse) { return namespace }
        var current = Namespace([])
        for level in namespace.levels {
            let children = try await catalog.listNamespaces(in: warehouse, parent: current).entries
                .filter(mayKnow)
            let exact = children.filter { $0.name == level }
            let similar = children.filter { $0.name?.lowercased() == level.lowercased() }
            guard let next = exact.first ?? (similar.count == 1 ? similar[0] : nil) else { return nil }
            current = next
        }
        return current
    }

    private func mayKnow(_ namespace: Namespace) -> Bool {
        request.allows(.list(namespace: namespace.levels))
    }

    /// The namespace of one level a person probably meant, of those the caller may know of.
    private func nearNamespace(_ levels: [String]) async throws -> Identifier? {
        guard levels.count == 1, request.allows(.list(namespace: nil)) else { return nil }
        let names = try await catalog.listNamespaces(in: warehouse).entries
            .filter(mayKnow).compactMap(\.name)
        return NearestName.find(levels[0], among: names).map { Identifier($0) }
    }

    private func missing(_ name: QualifiedName, _ near: String?) -> PlannerError {
        // With the namespace that the request names beside the statement.
        let isWhole = name.parts.count > 1 || request.namespace.isEmpty
        let levels = request.namespace.map { Identifier($0) }
        let shown = isWhole ? "\(name)" : "\(QualifiedName(levels + name.parts))"
        return PlannerError(
            .unknownTable, "there is no such table", ["table": shown, "warehouse": warehouse.name],
            at: name.position, hint: near.map { "did you mean \($0)?" })
    }
}
