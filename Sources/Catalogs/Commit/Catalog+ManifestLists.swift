import Blobs
import Faults
import Iceberg
import Tables

/// What a commit needs to know of a manifest list that it brings.
enum BroughtList: Sendable {
    case missing
    case unreadable(String)
    /// It is there, and was not read: the table never had another partition spec than the first.
    case there
    /// The partition specs its manifests are written with.
    case specs(Set<Int>)
}

extension Catalog {
    /// The manifest lists that the commits bring; those outside the table's location are not looked at.
    ///
    /// - Cost: one request a snapshot, which reads the list where the table's specs have changed; commits side by side.
    func broughtLists(
        of commits: [TableCommit], to metadata: TableMetadata
    ) async throws -> [BlobPath: BroughtList] {
        let location = try TableLocation(metadata.location)
        let isRead = !metadata.hasFirstSpecOnly
        let wanted = commits.filter(\.checksManifestLists).map { commit in
            commit.addedSnapshots.compactMap(\.manifestList).filter { location.contains($0) }
                .compactMap { BlobPath(uri: $0) }
        }
        return try await withThrowingTaskGroup(of: [(BlobPath, BroughtList)].self) { group in
            for lists in wanted where !lists.isEmpty {
                group.addTask {
                    var found: [(BlobPath, BroughtList)] = []
                    for list in lists {
                        let known = isRead ? try await self.readList(list) : try await self.findList(list)
                        found.append((list, known))
                    }
                    return found
                }
            }
            return try await group.reduce(into: [:]) { all, found in
                for (path, list) in found { all[path] = list }
            }
        }
    }

    private func findList(_ path: BlobPath) async throws -> BroughtList {
        if obsolete.has(path) { return .missing }
        do {
            _ = try await store.head(path)
            return .there
        } catch let error as BlobsError where error.code == .notFound {
            return .missing
        }
    }

    private func readList(_ path: BlobPath) async throws -> BroughtList {
        if obsolete.has(path) { return .missing }
        do {
            return .specs(Set(try await manifests(at: path).map(\.specID)))
        } catch let error as TablesError where error.code == .manifestUnreadable {
            if (error.cause as? BlobsError)?.code == .notFound { return .missing }
            return .unreadable((error.cause as? any Fault)?.message ?? error.message)
        }
    }

    /// Checks that somebody can read the current snapshot: of a table that is registered nobody has looked at it.
    ///
    /// - Errors: `CAT-209`.
    /// - Cost: one manifest list is read.
    func requireCurrentList(of metadata: TableMetadata, in location: TableLocation) async throws {
        guard let snapshot = metadata.currentSnapshot, let list = snapshot.manifestList else { return }
        let reason: String
        switch try await readList(location.blob(list)) {
        case .missing: reason = "it is not there"
        case .unreadable(let cause): reason = cause
        case .there: return
        case .specs(let specs):
            guard let unknown = specs.subtracting(metadata.specs.map(\.specID)).min() else { return }
            reason = "the table does not have the partition spec \(unknown)"
        }
        throw CatalogError(
            .notRegistrable, "the manifest list of the current snapshot cannot be read",
            ["snapshot-id": snapshot.snapshotID, "manifest-list": list, "reason": reason])
    }

    /// - Errors: `CAT-207` when the commit names a list that is not there, or none that anybody could read.
    func requireLists(of commit: TableCommit, in lists: [BlobPath: BroughtList]) throws(CatalogError) {
        for (snapshot, path, list) in commit.brought(lists) {
            switch list {
            case .missing:
                throw CatalogError(
                    .changeRefused, "the manifest list of a snapshot is not there",
                    ["table": commit.identifier, "snapshot-id": snapshot.snapshotID, "manifest-list": path],
                    hint: "write it before the commit that names it")
            case .unreadable(let reason):
                throw CatalogError(
                    .changeRefused, "the manifest list of a snapshot cannot be read",
                    [
                        "table": commit.identifier, "snapshot-id": snapshot.snapshotID,
                        "manifest-list": path, "reason": reason,
                    ])
            case .specs, .there: break
            }
        }
    }

    /// Checks that the table has the partition specs of what a commit adds: its writer may have begun before one of them
    /// was taken away, and nobody could read its manifests.
    ///
    /// - Errors: `CAT-301`.
    func requireKnownSpecs(
        of commit: TableCommit, in lists: [BlobPath: BroughtList], _ metadata: TableMetadata
    ) throws(CatalogError) {
        let known = Set(metadata.specs.map(\.specID))
        for (snapshot, path, list) in commit.brought(lists) {
            guard case .specs(let specs) = list, let unknown = specs.subtracting(known).min() else {
                continue
            }
            throw CatalogError(
                .commitConflict, "the table does not have the partition spec of a snapshot's manifests",
                [
                    "table": commit.identifier, "snapshot-id": snapshot.snapshotID, "spec-id": unknown,
                    "manifest-list": path,
                ], hint: "load the table again and write the files anew")
        }
    }
}

extension TableMetadata {
    /// Whether no writer can have begun with a partition spec that is gone. Ids of fields are given out once.
    fileprivate var hasFirstSpecOnly: Bool {
        specs.count == 1 && specs[0].specID == 0 && lastPartitionID <= max(999, specs[0].highestFieldID)
    }
}

extension TableCommit {
    fileprivate var addedSnapshots: [Snapshot] {
        updates.compactMap { if case .addSnapshot(let snapshot) = $0 { snapshot } else { nil } }
    }

    fileprivate func brought(
        _ lists: [BlobPath: BroughtList]
    ) -> [(snapshot: Snapshot, path: BlobPath, list: BroughtList)] {
        if lists.isEmpty { return [] }
        return addedSnapshots.compactMap { snapshot in
            guard let path = snapshot.manifestList.flatMap({ BlobPath(uri: $0) }), let list = lists[path]
            else { return nil }
            return (snapshot, path, list)
        }
    }
}
