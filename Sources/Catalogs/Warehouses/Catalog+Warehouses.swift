import Blobs
import Effects
import Metastore

extension Catalog {
    /// Gives the bucket a catalog, or switches the one it has on again.
    ///
    /// - Errors: what the store says of a bucket that does not exist; `CAT-201` for an account with `_` in it.
    package func enableWarehouse(bucket: String, account: String = "local") async throws -> Warehouse {
        guard !account.isEmpty, !account.contains("_") else {
            throw CatalogError(
                .invalidName, "an account's id cannot be empty or contain _", ["account": account],
                hint: "a warehouse is named account_bucket and is split at the first _")
        }
        _ = try await store.list(bucket: bucket, prefix: "", after: nil, limit: 1)
        let id = UniqueID.timeOrdered(at: clock.now, from: randomness).description
        let now = clock.now.microseconds
        return try await metastore.write { transaction in
            if let row = try transaction.first("SELECT * FROM warehouses WHERE bucket = ?", [.text(bucket)]) {
                try transaction.execute(
                    "UPDATE warehouses SET is_active = 1 WHERE bucket = ?", [.text(bucket)])
                let known = try Warehouse(row)
                guard known.account == account else {
                    throw CatalogError(
                        .alreadyExists, "the bucket has a catalog of another account",
                        ["bucket": bucket, "account": known.account])
                }
            } else {
                try transaction.execute(
                    """
                    INSERT INTO warehouses (id, account, bucket, name, is_active, created_at)
                    VALUES (?, ?, ?, ?, 1, ?)
                    """,
                    [.text(id), .text(account), .text(bucket), .text("\(account)_\(bucket)"), .integer(now)])
            }
            guard
                let row = try transaction.first("SELECT * FROM warehouses WHERE bucket = ?", [.text(bucket)])
            else {
                throw CatalogError(.corrupt, "a warehouse just written is not there", ["bucket": bucket])
            }
            return try Warehouse(row)
        }
    }

    /// Finds a warehouse by `account_bucket`, or by the bucket's name alone.
    ///
    /// - Errors: `CAT-101`; `CAT-107` when it is switched off.
    package func warehouse(named name: String) async throws -> Warehouse {
        let found = try await metastore.read { transaction in
            // The full name wins: a bucket may itself be called like another warehouse.
            try transaction.query(
                "SELECT * FROM warehouses WHERE name = ? OR bucket = ?", [.text(name), .text(name)]
            ).map { try Warehouse($0) }
        }
        guard let warehouse = found.first(where: { $0.name == name }) ?? found.first else {
            throw CatalogError(
                .noSuchWarehouse, "no bucket of this name has a catalog", ["warehouse": name],
                hint: "enable it with: firn catalog enable BUCKET")
        }
        guard warehouse.isActive else {
            throw CatalogError(
                .warehouseInactive, "the warehouse is switched off", ["warehouse": warehouse.name])
        }
        return warehouse
    }

    /// All of them, also those switched off, by name.
    package func listWarehouses() async throws -> [Warehouse] {
        try await metastore.read { transaction in
            try transaction.query("SELECT * FROM warehouses ORDER BY name").map { try Warehouse($0) }
        }
    }

    /// Switches the catalog off; namespaces, tables and files stay and come back with `enableWarehouse`.
    package func disableWarehouse(bucket: String) async throws {
        let changed = try await metastore.write { transaction in
            try transaction.execute("UPDATE warehouses SET is_active = 0 WHERE bucket = ?", [.text(bucket)])
        }
        guard changed == 1 else {
            throw CatalogError(.noSuchWarehouse, "no bucket of this name has a catalog", ["bucket": bucket])
        }
    }

    /// Forgets the catalog of a bucket that is to be deleted.
    ///
    /// - Errors: `CAT-106` while it has a namespace.
    package func deleteWarehouse(bucket: String) async throws {
        try await metastore.write { transaction in
            guard
                let row = try transaction.first("SELECT * FROM warehouses WHERE bucket = ?", [.text(bucket)])
            else {
                throw CatalogError(
                    .noSuchWarehouse, "no bucket of this name has a catalog", ["bucket": bucket])
            }
            let id = SQLValue.text(try Warehouse(row).id)
            if try transaction.first("SELECT id FROM namespaces WHERE warehouse_id = ? LIMIT 1", [id]) != nil
            {
                throw CatalogError(
                    .warehouseNotEmpty, "the warehouse has namespaces", ["bucket": bucket],
                    hint: "drop its tables and namespaces first")
            }
            try transaction.execute("DELETE FROM warehouses WHERE id = ?", [id])
        }
    }
}
