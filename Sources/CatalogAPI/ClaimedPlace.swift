import Catalogs
import Effects
import Iceberg
import Identity

extension CatalogContext {
    /// Whether the caller may make a table of what lies at a place it chose itself.
    ///
    /// Who owns a table is given keys for its location, and deletes it by purging. So a token for one namespace or table
    /// must not take a folder of the bucket that is nobody's table: that would reach objects it has no rights on. It may
    /// where it could write the objects anyway, and take back the default place of the table's own name, unless a table
    /// of another name was the last there.
    ///
    /// - Errors: `CTA-107`, `ICE-108`.
    @discardableResult
    func requirePlace(_ text: String, for table: TableIdentifier, uuid: UniqueID?) throws -> PlaceClaim {
        if claim == .any { return .any }
        let location = try TableLocation(text)
        if principal.allows(.storageWrite, on: .object(location.bucket, location.key + "/")) { return .any }
        if let uuid, DefaultLocation.isOwn(location, of: table, uuid: uuid, in: warehouse) { return .byName }
        throw notGranted(text)
    }

    /// What the caller may have of the bucket's places that are nobody's.
    var claim: PlaceClaim {
        principal.allows(.catalogWrite, on: .bucket(warehouse.bucket)) ? .any : .byName
    }

    /// Before the file is looked at: that it is there, and is no metadata, is already more than the caller may know.
    ///
    /// - Errors: `CTA-107`, `ICE-108`.
    func requireFile(_ text: String, of table: TableIdentifier) throws {
        if claim == .any { return }
        let file = try TableLocation(text)
        if principal.allows(.storageWrite, on: .object(file.bucket, file.key)) { return }
        if DefaultLocation.mayHold(file.uri, of: table, in: warehouse) { return }
        throw notGranted(text)
    }

    private func notGranted(_ location: String) -> CatalogAPIError {
        CatalogAPIError(
            .locationNotGranted, "the token lacks a scope to choose this location",
            [
                "scope": Permission.catalogWrite.rawValue, "on": "bucket=\(warehouse.bucket)",
                "location": location,
            ],
            hint: "leave the location out, or use a token with storage:write on it")
    }
}
