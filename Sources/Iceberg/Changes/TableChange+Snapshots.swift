extension TableChange {
    /// How far one commit may go ahead in numbers that a table has only so many of: sequence numbers and row ids.
    ///
    /// Writers go on by one, or by the rows they add. One that takes the last number would have ended all writing.
    private static let longestStep: Int64 = 1 << 40

    mutating func add(_ snapshot: Snapshot) throws(IcebergError) {
        if hasSnapshot(snapshot.snapshotID) {
            throw IcebergError(
                .invalidUpdate, "the table has a snapshot with this id", ["snapshot-id": snapshot.snapshotID])
        }
        // Old snapshots of version 1 may list their manifests themselves. Nobody says whether those are there.
        guard snapshot.manifestList != nil else {
            throw IcebergError(
                .invalidUpdate, "a snapshot needs a manifest-list", ["snapshot-id": snapshot.snapshotID])
        }
        if metadata.formatVersion > 1, snapshot.sequenceNumber <= metadata.lastSequenceNumber,
            snapshot.parentID != nil || metadata.lastSequenceNumber > 0
        {
            throw IcebergError(
                .staleSequenceNumber, "another snapshot was committed first",
                ["sequence-number": snapshot.sequenceNumber, "last": metadata.lastSequenceNumber],
                hint: "load the table again and retry")
        }
        try requireStep(from: metadata.lastSequenceNumber, to: snapshot.sequenceNumber, "sequence-number")
        if let id = snapshot.schemaID, metadata.schema(withID: id) == nil {
            throw IcebergError(
                .unknownSchema, "the table does not have the schema of a snapshot",
                ["snapshot-id": snapshot.snapshotID, "schema-id": id])
        }
        var snapshot = snapshot
        snapshot.timestampMilliseconds = max(snapshot.timestampMilliseconds, metadata.lastUpdatedMilliseconds)
        let nextRowID = try nextRowID(after: snapshot)
        addedSnapshotIDs.insert(snapshot.snapshotID)
        edit { metadata in
            metadata.nextRowID = nextRowID
            metadata.lastUpdatedMilliseconds = snapshot.timestampMilliseconds
            metadata.lastSequenceNumber = max(metadata.lastSequenceNumber, snapshot.sequenceNumber)
        }
        append(snapshot)
    }

    private func nextRowID(after snapshot: Snapshot) throws(IcebergError) -> Int64 {
        guard metadata.formatVersion > 2 else { return metadata.nextRowID }
        guard let first = snapshot.firstRowID, let added = snapshot.addedRows, added >= 0 else {
            throw IcebergError(
                .invalidUpdate, "a snapshot of version 3 needs first-row-id and added-rows",
                ["snapshot-id": snapshot.snapshotID])
        }
        let (next, overflow) = first.addingReportingOverflow(added)
        if overflow {
            throw IcebergError(
                .invalidUpdate, "the table has no row ids left for this snapshot",
                ["first-row-id": first, "added-rows": added])
        }
        try requireStep(from: metadata.nextRowID, to: next, "next-row-id")
        if first < metadata.nextRowID {
            throw IcebergError(
                .staleSequenceNumber, "another snapshot took the row ids of this one",
                ["first-row-id": first, "next-row-id": metadata.nextRowID],
                hint: "load the table again and retry")
        }
        return next
    }

    private func requireStep(from last: Int64, to next: Int64, _ name: String) throws(IcebergError) {
        let (step, overflow) = next.subtractingReportingOverflow(last)
        guard overflow || step > Self.longestStep else { return }
        throw IcebergError(
            .invalidUpdate, "a commit goes too far ahead in the table's numbers",
            ["which": name, "last": last, "asked": next, "longest step": Self.longestStep])
    }

    /// A snapshot that was added descends from those before it, and none of them from it.
    ///
    /// - Cost: a look at each snapshot's parent; a walk over all of them where one came before its parent.
    func checkDescent() throws(IcebergError) {
        if addedSnapshotIDs.isEmpty { return }
        // Only by a snapshot that names one as its parent that was not there yet could the way lead in a circle.
        var coming = addedSnapshotIDs
        let hasEarlyChild = metadata.snapshots.contains { snapshot in
            if let parent = snapshot.parentID, coming.contains(parent) { return true }
            coming.remove(snapshot.snapshotID)
            return false
        }
        guard hasEarlyChild else { return }
        let parents = Dictionary(metadata.snapshots.map { ($0.snapshotID, $0.parentID) }) { first, _ in first
        }
        var seen: Set<Int64> = []
        for start in metadata.snapshots.map(\.snapshotID) {
            var path: [Int64] = []
            var next: Int64? = start
            while let id = next, seen.insert(id).inserted {
                path.append(id)
                next = parents[id] ?? nil
            }
            // An old circle, of a table somebody else made, is no reason against what is added beside it.
            guard let end = next, let index = path.firstIndex(of: end),
                let added = path[index...].first(where: addedSnapshotIDs.contains)
            else { continue }
            throw IcebergError(
                .invalidUpdate, "a snapshot would descend from itself", ["snapshot-id": added])
        }
    }

    mutating func setRef(_ name: String, _ ref: SnapshotRef) throws(IcebergError) {
        try ref.validate()
        guard hasSnapshot(ref.snapshotID) else {
            throw IcebergError(
                .unknownSnapshot, "the table has no such snapshot",
                ["ref": name, "snapshot-id": ref.snapshotID])
        }
        if name == SnapshotRef.mainBranch {
            guard ref.kind == .branch else { throw IcebergError(.invalidUpdate, "main is a branch") }
            if metadata.currentSnapshotID != ref.snapshotID { mainSnapshotIDs.append(ref.snapshotID) }
            edit { $0.currentSnapshotID = ref.snapshotID }
        }
        edit { $0.refs[name] = ref }
    }

    mutating func removeRef(_ name: String) {
        edit { metadata in
            metadata.refs[name] = nil
            if name == SnapshotRef.mainBranch {
                metadata.currentSnapshotID = nil
                metadata.snapshotLog = []
            }
        }
    }
}
