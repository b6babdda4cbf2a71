import Blobs
import Iceberg

extension Catalog {
    /// Manifest lists that the commits bring and that are not in the store; those outside `location` are not looked for.
    ///
    /// - Cost: one request a snapshot; commits side by side.
    func missingLists(of commits: [TableCommit], in location: TableLocation) async throws -> Set<BlobPath> {
        let wanted = commits.filter(\.checksManifestLists).map { commit in
            commit.addedSnapshots.compactMap(\.manifestList).filter { location.contains($0) }
                .compactMap { BlobPath(uri: $0) }
        }
        return try await withThrowingTaskGroup(of: [BlobPath].self) { group in
            for lists in wanted where !lists.isEmpty {
                group.addTask {
                    var missing: [BlobPath] = []
                    for list in lists where try await !self.exists(list) { missing.append(list) }
                    return missing
                }
            }
            return try await group.reduce(into: []) { $0.formUnion($1) }
        }
    }

    private func exists(_ path: BlobPath) async throws -> Bool {
        do {
            _ = try await store.head(path)
            return true
        } catch let error as BlobsError where error.code == .notFound {
            return false
        }
    }

    /// - Errors: `CAT-207` when the commit names one of `missing`.
    func requireLists(of commit: TableCommit, besides missing: Set<BlobPath>) throws(CatalogError) {
        if missing.isEmpty { return }
        for snapshot in commit.addedSnapshots {
            guard let list = snapshot.manifestList.flatMap({ BlobPath(uri: $0) }), missing.contains(list)
            else { continue }
            throw CatalogError(
                .changeRefused, "the manifest list of a snapshot is not there",
                ["table": commit.identifier, "snapshot-id": snapshot.snapshotID, "manifest-list": list],
                hint: "write it before the commit that names it")
        }
    }
}

extension TableCommit {
    fileprivate var addedSnapshots: [Snapshot] {
        updates.compactMap { if case .addSnapshot(let snapshot) = $0 { snapshot } else { nil } }
    }
}
