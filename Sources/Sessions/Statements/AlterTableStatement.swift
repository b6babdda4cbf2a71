import Catalogs
import Columnar
import Iceberg
import Planner
import SQLSyntax

/// ALTER TABLE: all its actions as one commit, worked out anew when the table moved meanwhile.
struct AlterTableStatement {
    private static let attempts = 10

    let session: Session
    let warehouse: Warehouse
    let request: StatementRequest

    private var resolver: TableResolver {
        TableResolver(catalog: session.catalog, warehouse: warehouse, request: request)
    }

    /// - Errors: `PLA-…` with the place, `SES-203` for what Iceberg or a partition forbids, `CAT-…`, `ICE-…`.
    func run(_ syntax: AlterTableSyntax) async throws -> Batch {
        let table: LoadedTable
        do {
            table = try await resolver.loadForChange(syntax.name)
        } catch let fault as PlannerError where fault.code == .unknownTable && syntax.ifExists {
            return CatalogStatements.status("absent")
        }
        if case .renameTable(let name) = syntax.actions[0], syntax.actions.count == 1 {
            return try await rename(table, to: name)
        }
        var current = table
        for _ in 0..<Self.attempts {
            var change = TableAlteration(of: current.metadata)
            for action in syntax.actions { try change.apply(action) }
            let updates = try change.updates()
            if updates.isEmpty { return CatalogStatements.status("unchanged") }
            do {
                try await session.catalog.commit([
                    TableCommit(
                        warehouse: warehouse, identifier: table.identifier, requirements: change.requirements,
                        updates: updates)
                ])
                return CatalogStatements.status("altered")
            } catch let fault as CatalogError where fault.code == .commitConflict {
                current = try await session.catalog.loadTable(table.identifier, in: warehouse)
                guard current.uuid == table.uuid else {
                    throw SessionsError(
                        .tableReplaced, "the table was dropped or replaced while the statement ran",
                        ["table": table.identifier])
                }
            }
        }
        throw CatalogError(
            .commitContended, "others keep changing the table",
            ["table": table.identifier, "attempts": Self.attempts], hint: "retry after a pause")
    }

    /// A name without a namespace stays in the table's.
    private func rename(_ table: LoadedTable, to name: QualifiedName) async throws -> Batch {
        var target = TableIdentifier(namespace: table.identifier.namespace, name: name.last.text)
        if name.parts.count > 1 {
            target = try await resolver.newIdentifier(name)
        } else {
            try request.authorize(TableResolver.changing(target))
        }
        try await session.catalog.renameTable(table.identifier, to: target, in: warehouse)
        return CatalogStatements.status("renamed")
    }
}
