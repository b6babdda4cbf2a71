import Effects
import Iceberg

/// Puts an append on top of what was committed since its writer looked, so that writers that only add need not repeat.
///
///     writer saw    P        S = manifests of P + own
///     table is at   P - A - B
///     becomes       P - A - B - S'      S' = manifests of B + own, numbered anew
///
/// Only for a commit that adds one snapshot to one branch, whose manifest list is its parent's, unchanged, and manifests
/// that only add files. Files of position deletes and deletion vectors only where the table asks for snapshot isolation
/// of deletes, and only while nobody else has deleted from the same data files; the caller looks at that. Anything else
/// may depend on what it read and stays a conflict.
struct AppendRebase: Sendable {
    let snapshot: Snapshot
    let branch: String
    /// What the writer saw at the end of the branch; nil for an empty table.
    let parent: Snapshot?
    /// What is there now.
    let head: Snapshot
    /// Whether the commit may add delete files.
    let mayDelete: Bool

    /// Nil unless the commit has the form above and `parent` is an ancestor of the branch's head.
    init?(_ commit: TableCommit, on base: TableMetadata) {
        guard base.properties["firn.commit.rebase"] != "false", commit.updates.count == 2,
            case .addSnapshot(let snapshot) = commit.updates[0],
            case .setSnapshotRef(let branch, let ref) = commit.updates[1],
            ref.snapshotID == snapshot.snapshotID, ref.kind == .branch,
            commit.requirements.contains(.refSnapshotID(ref: branch, snapshot.parentID)),
            base.snapshot(withID: snapshot.snapshotID) == nil, base.formatVersion > 1,
            let head = base.refs[branch].flatMap({ base.snapshot(withID: $0.snapshotID) }),
            Self.isAncestor(snapshot.parentID, of: head, in: base)
        else { return nil }
        let isIsolated = base.properties["write.delete.isolation-level"]?.lowercased() == "snapshot"
        mayDelete = isIsolated && ["delete", "overwrite"].contains(snapshot.operation)
        guard mayDelete || snapshot.operation == "append" else { return nil }
        self.snapshot = snapshot
        self.branch = branch
        self.head = head
        parent = snapshot.parentID.flatMap { base.snapshot(withID: $0) }
    }

    /// The empty table is everybody's ancestor.
    private static func isAncestor(_ id: Int64?, of head: Snapshot, in base: TableMetadata) -> Bool {
        guard let id else { return true }
        // Snapshots are kept in the order they came, so the parent is almost always the one before.
        var current = head
        for snapshot in base.snapshots.reversed() where snapshot.snapshotID != head.snapshotID {
            if current.snapshotID == id { return true }
            if snapshot.snapshotID == current.parentID { current = snapshot }
        }
        return current.snapshotID == id
    }

    /// The requirements that must hold all the same: all but the one on the branch.
    func otherRequirements(of commit: TableCommit) -> [TableRequirement] {
        commit.requirements.filter { $0 != .refSnapshotID(ref: branch, snapshot.parentID) }
    }

    /// The manifests the append brings; nil when its list is not the parent's with manifests of added data files only.
    func ownManifests(in list: [ManifestFile], parent: [ManifestFile]) -> [ManifestFile]? {
        var inherited: [String: ManifestFile] = [:]
        for manifest in parent { inherited[manifest.path] = manifest }
        guard inherited.count == parent.count else { return nil }
        var own: [ManifestFile] = []
        for manifest in list {
            if let known = inherited.removeValue(forKey: manifest.path) {
                guard Self.isSame(known, manifest) else { return nil }
            } else {
                own.append(manifest)
            }
        }
        let isPure = own.allSatisfy { manifest in
            (manifest.content == .data || mayDelete) && manifest.addedSnapshotID == snapshot.snapshotID
                && (manifest.files.map { $0.existing == 0 && $0.deleted == 0 } ?? false)
        }
        guard inherited.isEmpty, isPure, Set(own.map(\.path)).count == own.count else { return nil }
        return own
    }

    /// A manifest never changes, so these tell whether a list speaks of the same one in the same way.
    private static func isSame(_ left: ManifestFile, _ right: ManifestFile) -> Bool {
        left.length == right.length && left.specID == right.specID && left.content == right.content
            && left.sequenceNumber == right.sequenceNumber
            && left.minimumSequenceNumber == right.minimumSequenceNumber
            && left.addedSnapshotID == right.addedSnapshotID && left.firstRowID == right.firstRowID
    }

    /// A sequence number that no table has. Entries read from a manifest that claims to have it show it exactly when
    /// they leave their number to the manifest list, which is what lets a rebase change it.
    static let probe = Int64.min

    /// True when the entries, read with `probe`, take everything that rebasing changes from the manifest list.
    func isPure(_ entries: [ManifestEntry]) -> Bool {
        entries.allSatisfy { entry in
            entry.status == .added && entry.sequenceNumber == Self.probe
                && entry.fileSequenceNumber == Self.probe
                && entry.snapshotID == snapshot.snapshotID && isAddable(entry.file)
        }
    }

    /// A delete file must say which data file it is about: nobody else may have touched that one.
    private func isAddable(_ file: DataFile) -> Bool {
        switch file.content {
        case .data: true
        case .positionDeletes: mayDelete && file.referencedDataFile != nil
        case .equalityDeletes: false
        }
    }

    /// The snapshot and its manifests as they would be had the writer looked now; nil where a number would overflow.
    ///
    /// `added` counts what is in the append's own manifests; `manifestList` is where the new list will lie.
    func rebased(
        onto base: TableMetadata, headManifests: [ManifestFile], own: [ManifestFile], added: AddedFiles,
        manifestList: String
    ) -> (snapshot: Snapshot, manifests: [ManifestFile])? {
        guard let sequenceNumber = base.lastSequenceNumber.plus(1) else { return nil }
        var nextRowID = base.nextRowID
        var manifests = own
        for index in manifests.indices {
            manifests[index].sequenceNumber = sequenceNumber
            manifests[index].minimumSequenceNumber = sequenceNumber
            guard base.formatVersion > 2, manifests[index].content == .data else { continue }
            manifests[index].firstRowID = nextRowID
            guard let rows = manifests[index].rows?.added, rows >= 0, let next = nextRowID.plus(rows) else {
                return nil
            }
            nextRowID = next
        }
        var result = snapshot
        result.parentID = head.snapshotID
        result.sequenceNumber = sequenceNumber
        result.manifestList = manifestList
        result.summary = added.summary(of: snapshot.summary, after: head.summary)
        if base.formatVersion > 2 {
            result.firstRowID = base.nextRowID
            result.addedRows = nextRowID - base.nextRowID
        }
        return (result, manifests + headManifests)
    }
}
