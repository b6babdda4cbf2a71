package import Iceberg
import Metastore

/// A view as the Metastore has it: its name and its pointer.
struct ViewRow: Sendable {
    let id: String
    let uuid: String
    /// As `LocationRules.key` has it.
    let location: String
    let metadataLocation: String
    /// One for the metadata the view was created with, one more with each replacement.
    let version: Int64

    init(_ row: Row) throws(MetastoreError) {
        id = try row.text("id")
        uuid = try row.text("uuid")
        location = try row.text("location")
        metadataLocation = try row.text("metadata_location")
        version = try row.integer("version")
    }

    static func find(
        _ view: TableIdentifier, in warehouse: Warehouse, _ transaction: Transaction
    ) throws(MetastoreError) -> ViewRow? {
        let row = try transaction.first(
            """
            SELECT v.id, v.uuid, v.location, v.metadata_location, v.version
            FROM views v JOIN namespaces n ON n.id = v.namespace_id
            WHERE n.warehouse_id = ? AND n.path = ? AND v.name = ?
            """,
            [.text(warehouse.id), .text(NamespaceRow.path(of: view.namespace)), .text(view.name)])
        guard let row else { return nil }
        return try ViewRow(row)
    }

    /// - Errors: `CAT-108` when there is none.
    static func require(
        _ view: TableIdentifier, in warehouse: Warehouse, _ transaction: Transaction
    ) throws -> ViewRow {
        guard let row = try find(view, in: warehouse, transaction) else {
            throw CatalogError.noSuchView(view, in: warehouse)
        }
        return row
    }

    static func names(
        in namespace: NamespaceRow, page: PageRequest, _ transaction: Transaction
    ) throws(MetastoreError) -> [String] {
        var sql = "SELECT name FROM views WHERE namespace_id = ?"
        var parameters: [SQLValue] = [.text(namespace.id)]
        page.continueQuery(&sql, &parameters, by: "name")
        var names: [String] = []
        for row in try transaction.query(sql, parameters) { names.append(try row.text("name")) }
        return names
    }

    /// Moves the pointer, and the location with it, if it still is where `self` says.
    ///
    /// - Errors: `PlannedChange.PointerMoved`; `CAT-206` when the new location is another's.
    func movePointer(
        to file: String, location: TableLocation, at microseconds: Int64, _ transaction: Transaction
    ) throws {
        try LocationRules.requireFree(location, movedBy: id, transaction)
        let changed = try transaction.execute(
            """
            UPDATE views SET metadata_location = ?, location = ?, version = version + 1, updated_at = ?
            WHERE id = ? AND metadata_location = ?
            """,
            [
                .text(file), .text(LocationRules.key(location)), .integer(microseconds), .text(id),
                .text(metadataLocation),
            ])
        guard changed == 1 else { throw PlannedChange.PointerMoved() }
    }
}

/// What is written for a view that did not exist.
struct NewViewRow: Sendable {
    var id: String
    var view: TableIdentifier
    var uuid: String
    var location: TableLocation
    var metadataLocation: String
    var createdAt: Int64
    var claim: PlaceClaim

    /// - Errors: `CAT-102`, `CAT-104`, `CAT-206`, `CAT-210`.
    func insert(in warehouse: Warehouse, _ transaction: Transaction) throws {
        let namespace = try NamespaceRow.require(view.namespace, in: warehouse, transaction)
        try TableRow.requireFree(view, in: warehouse, transaction)
        let twin = try transaction.first(
            "SELECT id FROM views WHERE warehouse_id = ? AND uuid = ?", [.text(warehouse.id), .text(uuid)])
        guard twin == nil else {
            throw CatalogError(
                .alreadyExists, "another view of the warehouse has this uuid", ["view": view, "uuid": uuid])
        }
        try LocationRules.requireFree(location, transaction)
        try LeftPlaceRow.take(location, claim, transaction)
        try transaction.execute(
            """
            INSERT INTO views (id, warehouse_id, namespace_id, name, uuid, location, metadata_location,
                version, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
            """,
            [
                .text(id), .text(warehouse.id), .text(namespace.id), .text(view.name), .text(uuid),
                .text(LocationRules.key(location)), .text(metadataLocation), .integer(createdAt),
                .integer(createdAt),
            ])
    }
}

extension CatalogError {
    package static func noSuchView(_ view: TableIdentifier, in warehouse: Warehouse) -> CatalogError {
        CatalogError(.noSuchView, "the view does not exist", ["view": view, "warehouse": warehouse.name])
    }
}
