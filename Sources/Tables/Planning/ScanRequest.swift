package import Iceberg

/// Which part of a table is planned, for whom, and from where on.
package struct ScanRequest: Sendable {
    /// Leaves out what cannot match. By field id.
    package var predicate: Predicate
    package var range: SnapshotRange
    /// The schema the predicate was bound to; nil for the current one.
    package var schema: IcebergSchema?
    /// A part of the manifests, to go on where an earlier plan stopped.
    package var window = ScanWindow()
    /// Another reads the files, so the formats this engine reads do not matter.
    package var allowsAnyFormat = false
    /// So many tasks are taken and then no more: what lies in later manifests need not be read. Nil for a reader who
    /// goes on.
    package var tasksAtOnce: Int?

    package init(predicate: Predicate = .always, range: SnapshotRange = .snapshot(nil)) {
        self.predicate = predicate
        self.range = range
    }
}

/// What of a table's history is read.
package enum SnapshotRange: Sendable, Hashable {
    /// All rows of one snapshot; nil for the current one.
    case snapshot(Int64?)
    /// Files that appends added behind `after` and up to `upTo`, whatever was deleted since.
    case appended(after: Int64, upTo: Int64)

    /// The snapshots whose manifests are read, newest first.
    ///
    /// - Errors: `ICE-204`, `ICE-111`.
    func snapshots(in metadata: TableMetadata) throws(IcebergError) -> [Snapshot] {
        switch self {
        case .snapshot(nil): return metadata.currentSnapshot.map { [$0] } ?? []
        case .snapshot(let id?): return [try metadata.requireSnapshot(id)]
        case .appended(let start, let end):
            _ = try metadata.requireSnapshot(start)
            let byID = Dictionary(metadata.snapshots.map { ($0.snapshotID, $0) }) { first, _ in first }
            var found: [Snapshot] = []
            var next: Snapshot? = try metadata.requireSnapshot(end)
            while let snapshot = next, snapshot.snapshotID != start {
                // A chain longer than the snapshots there are goes in a circle.
                if found.count > byID.count { break }
                found.append(snapshot)
                next = snapshot.parentID.flatMap { byID[$0] }
            }
            guard next?.snapshotID == start else {
                throw IcebergError(
                    .invalidScan, "the first snapshot is no ancestor of the last",
                    ["start-snapshot-id": start, "end-snapshot-id": end])
            }
            return found.filter { $0.operation == "append" }
        }
    }
}

/// Where a file stands among the manifests of a plan.
package struct ScanPosition: Sendable, Hashable {
    /// Counted over the manifests of the snapshots, those that are left out too.
    package var manifest: Int
    package var entry: Int

    package init(manifest: Int, entry: Int) {
        self.manifest = manifest
        self.entry = entry
    }
}

/// A part of the manifests of a plan.
package struct ScanWindow: Sendable, Hashable {
    /// The first file that belongs to it.
    package var start: ScanPosition
    /// The first manifest behind it; nil for all that are left.
    package var end: Int?

    package init(start: ScanPosition = ScanPosition(manifest: 0, entry: 0), end: Int? = nil) {
        self.start = start
        self.end = end
    }

    func contains(manifest: Int) -> Bool { manifest >= start.manifest && end.map { manifest < $0 } ?? true }

    func firstEntry(ofManifest manifest: Int) -> Int { manifest == start.manifest ? start.entry : 0 }
}
