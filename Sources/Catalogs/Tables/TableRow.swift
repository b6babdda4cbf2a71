import Effects
package import Iceberg
import Metastore

/// A table as the Metastore has it: its name and its pointer.
struct TableRow: Sendable {
    let id: String
    let uuid: String
    /// As `LocationRules.key` has it.
    let location: String
    let metadataLocation: String
    /// One for the metadata the table was created with, one more with each commit.
    let version: Int64

    init(_ row: Row) throws(MetastoreError) {
        id = try row.text("id")
        uuid = try row.text("uuid")
        location = try row.text("location")
        metadataLocation = try row.text("metadata_location")
        version = try row.integer("version")
    }

    static func find(
        _ table: TableIdentifier, in warehouse: Warehouse, _ transaction: Transaction
    ) throws(MetastoreError) -> TableRow? {
        let row = try transaction.first(
            """
            SELECT t.id, t.uuid, t.location, t.metadata_location, t.version
            FROM tables t JOIN namespaces n ON n.id = t.namespace_id
            WHERE n.warehouse_id = ? AND n.path = ? AND t.name = ?
            """,
            [.text(warehouse.id), .text(NamespaceRow.path(of: table.namespace)), .text(table.name)])
        guard let row else { return nil }
        return try TableRow(row)
    }

    /// Nil when the table is gone.
    static func find(id: String, _ transaction: Transaction) throws(MetastoreError) -> TableRow? {
        let row = try transaction.first(
            "SELECT id, uuid, location, metadata_location, version FROM tables WHERE id = ?", [.text(id)])
        guard let row else { return nil }
        return try TableRow(row)
    }

    /// Holds metadata that the pointer led to against the row. Whoever may write below a table's location can put
    /// another file where its metadata was: such a file says what it likes, and makes no other table's files this one's.
    ///
    /// - Errors: `CAT-401`.
    func require(_ metadata: TableMetadata) throws(CatalogError) {
        guard metadata.uuid.description == uuid else {
            throw CatalogError(
                .corrupt, "a table's metadata file is another table's",
                ["metadata-location": metadataLocation, "uuid": uuid, "found": metadata.uuid])
        }
        guard isPlace(of: metadata) else {
            throw CatalogError(
                .corrupt, "a table's metadata file names a location that is not the table's",
                ["metadata-location": metadataLocation, "location": location, "found": metadata.location])
        }
    }

    private func isPlace(of metadata: TableMetadata) -> Bool {
        do throws(IcebergError) {
            let place = LocationRules.key(try TableLocation(metadata.location))
            return place.utf8.elementsEqual(location.utf8)
        } catch {
            return false
        }
    }

    /// - Errors: `CAT-103` when there is none.
    static func require(
        _ table: TableIdentifier, in warehouse: Warehouse, _ transaction: Transaction
    ) throws -> TableRow {
        guard let row = try find(table, in: warehouse, transaction) else {
            throw CatalogError.noSuchTable(table, in: warehouse)
        }
        return row
    }

    /// Tables and views of a namespace share their names.
    ///
    /// - Errors: `CAT-104` when a table or a view has the name.
    static func requireFree(
        _ name: TableIdentifier, in warehouse: Warehouse, _ transaction: Transaction
    ) throws {
        if try find(name, in: warehouse, transaction) != nil {
            throw CatalogError(.alreadyExists, "the table already exists", ["table": name])
        }
        if try ViewRow.find(name, in: warehouse, transaction) != nil {
            throw CatalogError(.alreadyExists, "a view of this name already exists", ["view": name])
        }
    }

    /// Its files stay where they are; `table` is its last name.
    func leave(
        _ table: TableIdentifier, in warehouse: Warehouse, at microseconds: Int64, _ transaction: Transaction
    ) throws {
        try LeftPlaceRow.insert(location, leftBy: table, in: warehouse, at: microseconds, transaction)
    }

    static func names(
        in namespace: NamespaceRow, page: PageRequest, _ transaction: Transaction
    ) throws(MetastoreError) -> [String] {
        var sql = "SELECT name FROM tables WHERE namespace_id = ?"
        var parameters: [SQLValue] = [.text(namespace.id)]
        page.continueQuery(&sql, &parameters, by: "name")
        var names: [String] = []
        for row in try transaction.query(sql, parameters) { names.append(try row.text("name")) }
        return names
    }

    /// Moves the pointer if it still is where `self` says. False when it moved, or the table is gone.
    func movePointer(
        to newLocation: String, at microseconds: Int64, _ transaction: Transaction
    ) throws(MetastoreError) -> Bool {
        let changed = try transaction.execute(
            """
            UPDATE tables SET metadata_location = ?, previous_metadata_location = metadata_location,
                version = version + 1, updated_at = ?
            WHERE id = ? AND metadata_location = ?
            """,
            [.text(newLocation), .integer(microseconds), .text(id), .text(metadataLocation)])
        return changed == 1
    }
}

/// What is written for a table that did not exist.
struct NewTableRow: Sendable {
    var id: String
    var table: TableIdentifier
    var uuid: String
    var location: TableLocation
    var metadataLocation: String
    var createdAt: Int64
    var claim: PlaceClaim

    /// - Errors: `CAT-102`, `CAT-104`, `CAT-206`, `CAT-210`, all looked at in the transaction that inserts.
    func insert(in warehouse: Warehouse, _ transaction: Transaction) throws {
        let namespace = try NamespaceRow.require(table.namespace, in: warehouse, transaction)
        try TableRow.requireFree(table, in: warehouse, transaction)
        try requireUnique(besides: "", in: warehouse, transaction)
        try transaction.execute(
            """
            INSERT INTO tables (id, warehouse_id, namespace_id, name, uuid, location, metadata_location,
                version, created_at, updated_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
            """,
            [
                .text(id), .text(warehouse.id), .text(namespace.id), .text(table.name), .text(uuid),
                .text(LocationRules.key(location)), .text(metadataLocation), .integer(createdAt),
                .integer(createdAt),
            ])
    }

    /// Takes the place of `row` if that still points where it says. False when it moved, or the table is gone.
    ///
    /// - Errors: `CAT-104` when a third table has the uuid, `CAT-206`, `CAT-210`.
    func replace(_ row: TableRow, in warehouse: Warehouse, _ transaction: Transaction) throws -> Bool {
        try requireUnique(besides: row.id, in: warehouse, transaction)
        let changed = try transaction.execute(
            """
            UPDATE tables SET uuid = ?, location = ?, metadata_location = ?,
                previous_metadata_location = metadata_location, version = version + 1, updated_at = ?
            WHERE id = ? AND metadata_location = ?
            """,
            [
                .text(uuid), .text(LocationRules.key(location)), .text(metadataLocation), .integer(createdAt),
                .text(row.id), .text(row.metadataLocation),
            ])
        if !row.location.utf8.elementsEqual(LocationRules.key(location).utf8) {
            try row.leave(table, in: warehouse, at: createdAt, transaction)
        }
        return changed == 1
    }

    private func requireUnique(
        besides replaced: String, in warehouse: Warehouse, _ transaction: Transaction
    ) throws {
        let twin = try transaction.first(
            "SELECT id FROM tables WHERE warehouse_id = ? AND uuid = ? AND id <> ?",
            [.text(warehouse.id), .text(uuid), .text(replaced)])
        guard twin == nil else {
            // Not whose it is: the caller may not be allowed to know of that table.
            throw CatalogError(
                .alreadyExists, "the uuid is taken", ["table": table, "uuid": uuid],
                hint: "each table of a warehouse has a uuid of its own")
        }
        try LocationRules.requireFree(location, movedBy: replaced, transaction)
        try LeftPlaceRow.take(location, claim, transaction)
    }
}

extension CatalogError {
    package static func noSuchTable(_ table: TableIdentifier, in warehouse: Warehouse) -> CatalogError {
        CatalogError(.noSuchTable, "the table does not exist", ["table": table, "warehouse": warehouse.name])
    }
}
