package import Effects

/// Which snapshots a table keeps when its writer tidies up after a commit.
///
/// A branch keeps its newest `minimumSnapshots`, and more while they are younger than the maximum age, up to
/// `maximumSnapshots`. What a tag names stays; so does what no branch leads to, until it is too old.
///
/// | property | default |
/// |---|---|
/// | `history.expire.max-snapshot-age-ms` | 5 days |
/// | `history.expire.min-snapshots-to-keep` | 100 |
/// | `history.expire.max-ref-age-ms` | for ever |
/// | `firn.history.max-snapshots` | 1,000; none where the age is set and this is not |
///
/// Iceberg's own default keeps one snapshot. Here it is more, because a pipeline commits every few seconds and readers
/// and incremental consumers live on the newest ones; and there is a most, because 5 days of such commits would be
/// tens of megabytes of metadata, written anew each time.
///
/// Source: Iceberg table specification, "Snapshot Retention Policy".
package struct SnapshotRetention: Sendable, Hashable {
    package static let countProperty = "firn.history.max-snapshots"

    private var maximumAgeMilliseconds: Int64
    private var minimumSnapshots: Int
    private var maximumSnapshots: Int
    private var maximumRefAgeMilliseconds: Int64

    /// What goes: snapshots, and the references that went before them.
    package struct Expired: Sendable, Hashable {
        package var snapshotIDs: [Int64] = []
        package var refs: [String] = []
    }

    /// Nil where the table says that nothing of it may be collected (`gc.enabled`).
    package init?(properties: [String: String]) {
        guard properties.isOn("gc.enabled", byDefault: true) else { return nil }
        func number(_ name: String) -> Int64? {
            // A number nobody can read, or below one, is as good as none: a writer must not fail on it.
            properties[name].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        }
        let age = number("history.expire.max-snapshot-age-ms")
        maximumAgeMilliseconds = age ?? 5 * 24 * 3600 * 1000
        minimumSnapshots = Int(clamping: number("history.expire.min-snapshots-to-keep") ?? 100)
        let most = number(Self.countProperty) ?? (age == nil ? 1000 : Int64.max)
        maximumSnapshots = max(Int(clamping: most), minimumSnapshots)
        maximumRefAgeMilliseconds = number("history.expire.max-ref-age-ms") ?? .max
    }

    /// - Cost: a pass over the snapshots.
    package func expired(of metadata: TableMetadata, at now: Instant) -> Expired {
        var byID: [Int64: Snapshot] = [:]
        byID.reserveCapacity(metadata.snapshots.count)
        for snapshot in metadata.snapshots { byID[snapshot.snapshotID] = snapshot }
        var expired = Expired()
        var kept: Set<Int64> = []
        var reached: Set<Int64> = []
        for (name, ref) in metadata.refs {
            guard let head = byID[ref.snapshotID] else { continue }
            if name != SnapshotRef.mainBranch, isTooOld(head, ref, now) {
                expired.refs.append(name)
                continue
            }
            kept.insert(head.snapshotID)
            reached.insert(head.snapshotID)
            if ref.kind == .branch { keep(head, ref, byID, now, &kept, &reached) }
        }
        expired.refs.sort()
        for snapshot in metadata.snapshots where !kept.contains(snapshot.snapshotID) {
            let isLoose = !reached.contains(snapshot.snapshotID)
            if isLoose, age(of: snapshot, now) <= maximumAgeMilliseconds { continue }
            expired.snapshotIDs.append(snapshot.snapshotID)
        }
        return expired
    }

    private func age(of snapshot: Snapshot, _ now: Instant) -> Int64 {
        let (age, overflow) = now.milliseconds.subtractingReportingOverflow(snapshot.timestampMilliseconds)
        return overflow ? (snapshot.timestampMilliseconds < 0 ? .max : .min) : age
    }

    private func isTooOld(_ head: Snapshot, _ ref: SnapshotRef, _ now: Instant) -> Bool {
        age(of: head, now) > (ref.maximumRefAgeMilliseconds ?? maximumRefAgeMilliseconds)
    }

    /// Walks a branch back. Everything on it counts as reached, also what is not kept.
    private func keep(
        _ head: Snapshot, _ ref: SnapshotRef, _ byID: [Int64: Snapshot], _ now: Instant,
        _ kept: inout Set<Int64>, _ reached: inout Set<Int64>
    ) {
        let minimum = ref.minimumSnapshotsToKeep ?? minimumSnapshots
        let maximumAge = ref.maximumSnapshotAgeMilliseconds ?? maximumAgeMilliseconds
        var current: Snapshot? = head
        var seen: Set<Int64> = []
        var isKeeping = true
        while let snapshot = current, seen.insert(snapshot.snapshotID).inserted {
            reached.insert(snapshot.snapshotID)
            let position = seen.count
            isKeeping =
                isKeeping
                && (position <= minimum
                    || (position <= maximumSnapshots && age(of: snapshot, now) <= maximumAge))
            if isKeeping { kept.insert(snapshot.snapshotID) }
            current = snapshot.parentID.flatMap { byID[$0] }
        }
    }
}
