package import Effects
import Metastore

/// A bucket with a catalog. There is one a bucket.
package struct Warehouse: Sendable, Hashable {
    package let id: String
    package let account: String
    package let bucket: String
    package let isActive: Bool
    package let createdAt: Instant

    /// What clients call it: `local_lake`.
    package var name: String { "\(account)_\(bucket)" }
}

extension Warehouse {
    init(_ row: Row) throws(MetastoreError) {
        id = try row.text("id")
        account = try row.text("account")
        bucket = try row.text("bucket")
        isActive = try row.boolean("is_active")
        createdAt = Instant(microseconds: try row.integer("created_at"))
    }
}
