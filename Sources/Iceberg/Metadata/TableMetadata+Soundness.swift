import Columnar

extension TableMetadata {
    /// Checks what a writer builds on: that the numbers it counts on from are above all that were given out.
    ///
    /// Metadata that contradicts itself here can be read. Written to, an insert would get the sequence number of an older
    /// snapshot, and deletes from before would take its rows away; a new column would get another one's id.
    ///
    /// - Errors: `ICE-101`.
    package func validateForWriting() throws(IcebergError) {
        try requireAbove("last-column-id", Int64(lastColumnID), schemas.map { Int64($0.highestFieldID) })
        try requireAbove("last-partition-id", Int64(lastPartitionID), specs.map { Int64($0.highestFieldID) })
        if formatVersion > 1 {
            try requireAbove(
                "last-sequence-number", lastSequenceNumber, [0] + snapshots.map(\.sequenceNumber))
            // One from before the table left version 1 has the number zero.
            if let bare = snapshots.first(where: { $0.manifestList == nil && $0.sequenceNumber > 0 }) {
                throw IcebergError(
                    .malformed, "a snapshot needs a manifest-list", ["snapshot-id": bare.snapshotID])
            }
        }
        try requireAbove("next-row-id", nextRowID, [0])
        for snapshot in snapshots {
            guard let first = snapshot.firstRowID, let added = snapshot.addedRows else { continue }
            let (end, overflow) = first.addingReportingOverflow(added)
            guard first >= 0, added >= 0, !overflow else {
                throw IcebergError(
                    .malformed, "a snapshot cannot have these row ids",
                    ["snapshot-id": snapshot.snapshotID, "first-row-id": first, "added-rows": added])
            }
            try requireAbove("next-row-id", nextRowID, [end])
        }
    }

    private func requireAbove(_ name: String, _ last: Int64, _ given: [Int64]) throws(IcebergError) {
        guard let highest = given.max(), highest > last else { return }
        throw IcebergError(
            .malformed, "\(name) is below a number the table has given out",
            [name: last, "given out": highest], hint: "write metadata in which it is not")
    }
}
