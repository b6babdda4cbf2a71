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

    /// - Errors: what of the commit has not the form above, or of the table does not allow it.
    init(_ commit: TableCommit, on base: TableMetadata) throws(NotRebased) {
        guard base.properties.isOn("firn.commit.rebase", byDefault: true) else {
            throw NotRebased("the table says firn.commit.rebase=false")
        }
        guard base.formatVersion > 1 else { throw NotRebased("tables of version 1 number no snapshots") }
        guard commit.updates.count == 2, case .addSnapshot(let snapshot) = commit.updates[0],
            case .setSnapshotRef(let branch, let ref) = commit.updates[1],
            ref.snapshotID == snapshot.snapshotID, ref.kind == .branch,
            commit.requirements.contains(.refSnapshotID(ref: branch, snapshot.parentID))
        else { throw NotRebased("the commit does more than add one snapshot to one branch") }
        guard base.snapshot(withID: snapshot.snapshotID) == nil else {
            throw NotRebased("the table has this snapshot already")
        }
        guard let head = base.refs[branch].flatMap({ base.snapshot(withID: $0.snapshotID) }),
            Self.isAncestor(snapshot.parentID, of: head, in: base)
        else { throw NotRebased("the branch no longer leads to the snapshot the writer saw") }
        mayDelete = Self.isIsolated(snapshot, base.properties)
        guard mayDelete || snapshot.operation == "append" else {
            throw NotRebased(
                "the operation is \(snapshot.operation ?? "none"), and the table asks for no snapshot isolation of it"
            )
        }
        self.snapshot = snapshot
        self.branch = branch
        self.head = head
        parent = snapshot.parentID.flatMap { base.snapshot(withID: $0) }
    }

    /// Whether the table's writers are content with what they saw when they delete. An overwrite may come from an UPDATE
    /// or a MERGE, so both must say so.
    private static func isIsolated(_ snapshot: Snapshot, _ properties: [String: String]) -> Bool {
        let commands: [String] =
            switch snapshot.operation {
            case "delete": ["delete"]
            case "overwrite": ["delete", "update", "merge"]
            default: []
            }
        return !commands.isEmpty
            && commands.allSatisfy { properties["write.\($0).isolation-level"]?.lowercased() == "snapshot" }
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

    /// The manifests the append brings.
    ///
    /// - Errors: when its list is not the parent's with manifests of added files only.
    func ownManifests(
        in list: [ManifestFile], parent: [ManifestFile]
    ) throws(NotRebased) -> [ManifestFile] {
        var inherited: [String: ManifestFile] = [:]
        for manifest in parent { inherited[manifest.path] = manifest }
        var own: [ManifestFile] = []
        for manifest in list {
            if let known = inherited.removeValue(forKey: manifest.path) {
                guard Self.isSame(known, manifest) else {
                    throw NotRebased("a manifest of the table is listed otherwise: \(manifest.path)")
                }
            } else {
                own.append(manifest)
            }
        }
        guard inherited.isEmpty, Set(parent.map(\.path)).count == parent.count else {
            throw NotRebased("manifests of the table were merged, rewritten or left out")
        }
        let isPure = own.allSatisfy { manifest in
            (manifest.content == .data || mayDelete) && manifest.addedSnapshotID == snapshot.snapshotID
                && (manifest.files.map { $0.existing == 0 && $0.deleted == 0 } ?? false)
        }
        guard isPure, Set(own.map(\.path)).count == own.count else {
            throw NotRebased("its manifests do more than add files")
        }
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

    /// The manifest as it is read to find out what its entries say themselves and what they leave to their list.
    static func probed(_ manifest: ManifestFile) -> ManifestFile {
        var result = manifest
        result.sequenceNumber = probe
        result.firstRowID = nil
        return result
    }

    /// True when the entries, read as `probed`, take everything that rebasing changes from the manifest list.
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
        case .data: file.firstRowID == nil
        case .positionDeletes: mayDelete && file.referencedDataFile != nil
        case .equalityDeletes: false
        }
    }

    /// The snapshot and its manifests as they would be had the writer looked now; nil where a number would overflow.
    ///
    /// In version 3 every manifest of data has its row ids from then on, those from before the upgrade too.
    ///
    /// `added` counts what is in the append's own manifests; `manifestList` is where the new list will lie.
    func rebased(
        onto base: TableMetadata, headManifests: [ManifestFile], own: [ManifestFile], added: AddedFiles,
        manifestList: String
    ) -> (snapshot: Snapshot, manifests: [ManifestFile])? {
        guard let sequenceNumber = base.lastSequenceNumber.plus(1) else { return nil }
        var nextRowID = base.nextRowID
        var manifests = own + headManifests
        for index in manifests.indices {
            let isOwn = index < own.count
            if isOwn {
                manifests[index].sequenceNumber = sequenceNumber
                manifests[index].minimumSequenceNumber = sequenceNumber
            }
            guard base.formatVersion > 2, manifests[index].content == .data,
                isOwn || manifests[index].firstRowID == nil
            else { continue }
            manifests[index].firstRowID = nextRowID
            guard let counts = manifests[index].rows, counts.added >= 0, counts.existing >= 0,
                let rows = counts.added.plus(counts.existing), let next = nextRowID.plus(rows)
            else { return nil }
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
        return (result, manifests)
    }
}
