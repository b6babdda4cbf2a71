import Effects
import Iceberg
import Metastore

/// A namespace as the Metastore has it, and the statements about it.
struct NamespaceRow: Sendable {
    /// Between levels in `path`. No level contains it: `NameRules` refuses control characters.
    private static let separator = "\u{1F}"

    let id: String
    let path: String

    init(_ row: Row) throws(MetastoreError) {
        id = try row.text("id")
        path = try row.text("path")
    }

    var namespace: Namespace { Namespace(path.split(separator: Self.separator).map(String.init)) }

    static func path(of namespace: Namespace) -> String { namespace.levels.joined(separator: separator) }

    static func find(
        _ namespace: Namespace, in warehouse: Warehouse, _ transaction: Transaction
    ) throws(MetastoreError) -> NamespaceRow? {
        let row = try transaction.first(
            "SELECT id, path FROM namespaces WHERE warehouse_id = ? AND path = ?",
            [.text(warehouse.id), .text(path(of: namespace))])
        guard let row else { return nil }
        return try NamespaceRow(row)
    }

    /// - Errors: `CAT-102` when there is none.
    static func require(
        _ namespace: Namespace, in warehouse: Warehouse, _ transaction: Transaction
    ) throws -> NamespaceRow {
        guard let row = try find(namespace, in: warehouse, transaction) else {
            throw CatalogError(
                .noSuchNamespace, "the namespace does not exist",
                ["namespace": namespace, "warehouse": warehouse.name])
        }
        return row
    }

    /// Those directly inside, in the byte order of their paths.
    static func children(
        of parent: NamespaceRow?, in warehouse: Warehouse, page: PageRequest, _ transaction: Transaction
    ) throws(MetastoreError) -> [NamespaceRow] {
        var sql = "SELECT id, path FROM namespaces WHERE warehouse_id = ? AND parent_id "
        var parameters: [SQLValue] = [.text(warehouse.id)]
        if let parent {
            sql += "= ?"
            parameters.append(.text(parent.id))
        } else {
            sql += "IS NULL"
        }
        page.continueQuery(&sql, &parameters, by: "path")
        var rows: [NamespaceRow] = []
        for row in try transaction.query(sql, parameters) { rows.append(try NamespaceRow(row)) }
        return rows
    }

    func properties(_ transaction: Transaction) throws(MetastoreError) -> [String: String] {
        var properties: [String: String] = [:]
        let rows = try transaction.query(
            "SELECT name, value FROM namespace_properties WHERE namespace_id = ?", [.text(id)])
        for row in rows { properties[try row.text("name")] = try row.text("value") }
        return properties
    }

    func setProperty(_ name: String, to value: String, _ transaction: Transaction) throws(MetastoreError) {
        try transaction.execute(
            """
            INSERT INTO namespace_properties (namespace_id, name, value) VALUES (?, ?, ?)
            ON CONFLICT (namespace_id, name) DO UPDATE SET value = excluded.value
            """, [.text(id), .text(name), .text(value)])
    }
}

extension PageRequest {
    /// Adds order, start and one row more than the page holds to a query with a WHERE.
    func continueQuery(_ sql: inout String, _ parameters: inout [SQLValue], by column: String) {
        if case .part(let after?, _) = self {
            sql += " AND \(column) > ?"
            parameters.append(.text(after))
        }
        sql += " ORDER BY \(column)"
        if case .part(_, let size) = self {
            sql += " LIMIT ?"
            parameters.append(.integer(Int64(size) + 1))
        }
    }
}
