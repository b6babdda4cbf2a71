import Blobs
import Metastore
package import Scheduling

extension Catalog {
    private static let objectsAtOnce = 1000

    /// Lists what of a warehouse's bucket looks like a table's and is no table's, view's or purge's.
    ///
    /// What is being created while it runs may be listed: repeat before acting.
    ///
    /// - Cost: the whole bucket is listed; one read of the Metastore for every thousand objects.
    package func strays(
        in warehouse: Warehouse, cancellation: CancellationToken
    ) async throws -> StrayReport {
        var report = StrayReport()
        var owners = LocationOwners()
        var after: String?
        repeat {
            try cancellation.check()
            let page = try await store.list(
                bucket: warehouse.bucket, prefix: "", after: after, limit: Self.objectsAtOnce)
            report.objects += page.entries.count
            let paths = page.entries.filter { StrayReport.mayContain($0.key) }
                .map { BlobPath(bucket: warehouse.bucket, key: $0.key).uri }
            if !paths.isEmpty {
                let known = owners
                let (strays, next) = try await metastore.read { transaction in
                    var owners = known
                    return (try paths.filter { try !owners.haveOwned($0, transaction) }, owners)
                }
                for path in strays { report.add(path) }
                owners = next
            }
            after = page.next
        } while after != nil
        return report
    }
}

/// Tells whose place objects lie in, asked in the order of their keys: neighbours are nearly always of one owner.
private struct LocationOwners: Sendable {
    /// The place, with its slash, in which the last object was found.
    private var owned: String?
    /// The folder of the last object that was in nobody's.
    private var free: String?

    init() {}

    mutating func haveOwned(_ uri: String, _ transaction: Transaction) throws -> Bool {
        if let owned, uri.utf8.starts(with: owned.utf8) { return true }
        let folders = LocationRules.foldersAround(uri)
        if let free, let folder = folders.last, folder.utf8.elementsEqual(free.utf8) { return false }
        owned = try LocationRules.owned(among: folders, transaction)
        free = owned == nil ? folders.last : nil
        return owned != nil
    }
}
