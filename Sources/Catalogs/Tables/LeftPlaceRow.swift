import Iceberg
import Metastore

/// A default place that a table or view left under another name than the place is called by: what lies there is that
/// other name's.
///
///     web.a lies at …/web/a-1f2e3d4c5b6a, becomes web.b, is dropped     a token for web.a alone does not get it back
enum LeftPlaceRow {
    /// `location` is as `LocationRules.key` has it, `table` the last name.
    static func insert(
        _ location: String, leftBy table: TableIdentifier, in warehouse: Warehouse, at microseconds: Int64,
        _ transaction: Transaction
    ) throws {
        let isDefault = DefaultLocation.isOne(try TableLocation(location))
        guard isDefault, !DefaultLocation.mayHold(location, of: table, in: warehouse) else { return }
        try transaction.execute(
            "INSERT INTO left_places (location, left_at) VALUES (?, ?) ON CONFLICT (location) DO NOTHING",
            [.text(location), .integer(microseconds)])
    }

    /// Takes the place off the record: it belongs to somebody again.
    ///
    /// - Errors: `CAT-210`.
    static func take(_ location: TableLocation, _ claim: PlaceClaim, _ transaction: Transaction) throws {
        let count = try transaction.execute(
            "DELETE FROM left_places WHERE location = ?", [.text(LocationRules.key(location))])
        guard count > 0, claim == .byName else { return }
        throw CatalogError(
            .placeLeft, "what lies there was left by a table or view of another name",
            ["location": location], hint: "use a token with catalog:write on the bucket")
    }
}
