import Faults
import Iceberg
import Tables

extension Catalog {
    /// Checks that the partition specs a change takes away are none that manifests of the snapshots left are written with:
    /// nobody could read those any more. Schemas may go: a snapshot without its own is read with the current one.
    ///
    /// - Errors: `CAT-207` when one is used, or when that cannot be told.
    /// - Cost: nothing where all specs stay, else every manifest list that is left.
    func requireSpecs(of metadata: TableMetadata, asIn state: GroupState) async throws {
        let left = Set(metadata.specs.map(\.specID))
        let gone = Set(state.metadata.specs.map(\.specID)).subtracting(left)
        if gone.isEmpty || metadata.snapshots.isEmpty { return }
        guard metadata.snapshots.count <= limits.snapshotsToCompare else {
            throw CatalogError(
                .changeRefused, "the table has too many snapshots to tell whether they need a partition spec",
                ["snapshots": metadata.snapshots.count, "most": limits.snapshotsToCompare],
                hint: "expire snapshots first")
        }
        let location = try TableLocation(metadata.location)
        // The newest first: theirs are most likely the ones in use.
        for snapshot in metadata.snapshots.reversed() {
            try Task.checkCancellation()
            for manifest in try await knownManifests(of: snapshot, state, location)
            where gone.contains(manifest.specID) {
                throw CatalogError(
                    .changeRefused, "a snapshot has manifests of the partition spec that is to go",
                    [
                        "spec-id": manifest.specID, "snapshot-id": snapshot.snapshotID,
                        "manifest": manifest.path,
                    ], hint: "rewrite them and expire the snapshots that have them first")
            }
        }
    }

    private func knownManifests(
        of snapshot: Snapshot, _ state: GroupState, _ location: TableLocation
    ) async throws -> [ManifestFile] {
        func unknown(_ reason: String) -> CatalogError {
            CatalogError(
                .changeRefused, "which partition specs a snapshot needs cannot be told",
                ["snapshot-id": snapshot.snapshotID, "reason": reason])
        }
        guard snapshot.manifestList != nil else { throw unknown("it has no manifest list") }
        do {
            return try await manifests(of: snapshot, state, location)
        } catch let error as TablesError where error.code == .manifestUnreadable {
            throw unknown(error.message)
        }
    }
}
