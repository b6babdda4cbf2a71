import Catalogs
import Iceberg
import Planner

/// Tables as they were at one moment, for a query that reads several.
///
/// Each is found by itself, and a transaction in between moves some of them: whoever writes two tables in one transaction
/// expects that nobody sees one of them alone. So their pointers are read once more, together; where one has moved, the query is
/// resolved again with what that read found.
struct TableMoment: Sendable {
    private let tables: [TableIdentifier: LoadedTable]

    /// Nil where all tables are as the query has found them.
    static func moved(
        since found: TableCatalogue, _ catalog: Catalog, _ warehouse: Warehouse
    ) async throws -> TableMoment? {
        // One that is read directly and through a view is found twice.
        var locations: [TableIdentifier: Set<String>] = [:]
        for table in found.tables {
            locations[TableIdentifier(namespace: Namespace(table.namespace), name: table.name), default: []]
                .insert(table.metadataLocation)
        }
        guard locations.count > 1 || locations.values.contains(where: { $0.count > 1 }) else { return nil }
        let current = try await catalog.loadTables(Array(locations.keys), in: warehouse)
        if current.allSatisfy({ locations[$0.identifier] == [$0.metadataLocation] }) { return nil }
        return TableMoment(
            tables: Dictionary(current.map { ($0.identifier, $0) }, uniquingKeysWith: { first, _ in first }))
    }

    subscript(table: TableIdentifier) -> LoadedTable? { tables[table] }
}
