import Blobs
import Effects
import Iceberg
import JSONText
import Metastore
import Tables
import Telemetry

extension Catalog {
    /// Deletes manifest lists of snapshots that expired a while ago, and the manifests that no other snapshot has.
    ///
    ///     expired  E: list e, manifests a b       kept  K: list k, manifests b c       goes: e, a
    ///
    /// Data files stay: an append-only table never lets one go, and what a rewrite left behind is for a clean-up that
    /// knows about rewrites.
    func deleteExpiredFiles() async throws {
        let (grace, overflow) = limits.expiredFileGraceSeconds.multipliedReportingOverflow(by: 1_000_000)
        precondition(!overflow)
        let before = clock.now.microseconds - grace
        for table in try await metastore.read({ try ExpiredListRow.tables(before: before, $0) }) {
            if Task.isCancelled { return }
            do {
                try await deleteExpiredFiles(ofTable: table, before: before)
            } catch {
                log.warning(
                    "files of expired snapshots are left; deleting them is tried again",
                    ["table-id": .string(table), "reason": .string("\(error)")])
            }
        }
    }

    private func deleteExpiredFiles(ofTable id: String, before: Int64) async throws {
        let limit = limits.expiredListsAtOnce
        let (rows, table) = try await metastore.read { transaction in
            (
                try ExpiredListRow.find(id, before: before, limit: limit, transaction),
                try TableRow.find(id: id, transaction)
            )
        }
        // The files of a table that was dropped stay with the others.
        if let table {
            let metadata = try await metadata(of: table)
            guard rows.count == limit || metadata.snapshots.count <= limits.snapshotsToCompare else { return }
            let paths = try await deletable(rows.map(\.path), metadata)
            // Lists last: after a crash they still tell which manifests are to go.
            try await store.delete(paths.manifests)
            FaultPoints.pass(.expiryPartial)
            try await store.delete(paths.lists)
            meters.expiredFiles.add(Int64(paths.manifests.count + paths.lists.count))
        }
        try await metastore.write { try ExpiredListRow.delete(rows, $0) }
    }

    /// Only what lies in the table's location: a table that was registered over another one has that one's rows, and
    /// what is elsewhere can be anybody's. Such files stay.
    private func deletable(
        _ lists: [String], _ metadata: TableMetadata
    ) async throws -> (lists: [BlobPath], manifests: [BlobPath]) {
        let location = try TableLocation(metadata.location)
        let kept = Set(metadata.snapshots.compactMap(\.manifestList))
        let expired = try lists.filter { !kept.contains($0) && location.contains($0) }
            .map { try location.blob($0) }
        var candidates: Set<String> = []
        for list in expired {
            for manifest in try await manifestsIfThere(list) where location.contains(manifest.path) {
                candidates.insert(manifest.path)
            }
        }
        for snapshot in metadata.snapshots {
            if candidates.isEmpty { break }
            try Task.checkCancellation()
            if let list = snapshot.manifestList {
                for manifest in try await manifests(at: location.blob(list)) {
                    candidates.remove(manifest.path)
                }
            }
            for path in snapshot.manifests { candidates.remove(path) }
        }
        return (expired, try candidates.sorted().map { try location.blob($0) })
    }

    /// None where the list is gone already: then so are its manifests.
    private func manifestsIfThere(_ list: BlobPath) async throws -> [ManifestFile] {
        do {
            return try await manifests(at: list)
        } catch let error as TablesError where (error.cause as? BlobsError)?.code == .notFound {
            return []
        }
    }
}
