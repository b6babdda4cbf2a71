package import Effects

/// Applies the updates of one commit to a table's metadata.
///
/// Knows what was added last, which -1 in later updates means, and closes the books at the end: logs, clocks, checks.
package struct TableChange: Sendable {
    package private(set) var metadata: TableMetadata
    let base: TableMetadata?
    private let now: Int64
    /// What time it is, whatever the table says.
    private let wallClock: Instant
    var lastAddedSchemaID: Int?
    var lastAddedSpecID: Int?
    var lastAddedSortOrderID: Int?
    var addedSnapshotIDs: Set<Int64> = []
    /// Snapshots that were the main branch's at some moment of this commit.
    var mainSnapshotIDs: [Int64] = []
    var hasRemovedSnapshots = false
    /// Which snapshots the table has; worked out for a commit that asks often, such as one that brings thousands, or that
    /// removes some.
    private var snapshotIDs: Set<Int64>?
    private var snapshotLookups = 0
    /// Snapshots that were removed and are still in `metadata`: some clients send thousands of removals one by one.
    private var removedSnapshotIDs: Set<Int64> = []

    /// `now` is clamped: the timestamps of a table only grow.
    package init(of metadata: TableMetadata, at now: Instant) {
        self.metadata = metadata
        base = metadata
        wallClock = now
        self.now = max(now.milliseconds, metadata.lastUpdatedMilliseconds)
    }

    /// Begins a table out of nothing, for create transactions. `uuid` holds until an update assigns another.
    package init(creating uuid: UniqueID, at now: Instant) {
        metadata = TableMetadata(uuid: uuid)
        base = nil
        wallClock = now
        self.now = now.milliseconds
    }

    var isCreating: Bool { base == nil }
    var timestamp: Int64 { now }

    mutating func edit(_ body: (inout TableMetadata) -> Void) { body(&metadata) }

    /// More lookups than this cost more than the set they could look in.
    private static let lookupsWithoutSet = 8

    mutating func hasSnapshot(_ id: Int64) -> Bool {
        if let snapshotIDs { return snapshotIDs.contains(id) }
        snapshotLookups += 1
        if snapshotLookups > Self.lookupsWithoutSet {
            snapshotIDs = Set(metadata.snapshots.map(\.snapshotID))
        }
        return metadata.snapshot(withID: id) != nil
    }

    mutating func append(_ snapshot: Snapshot) {
        if removedSnapshotIDs.contains(snapshot.snapshotID) { sweepSnapshots() }
        snapshotIDs?.insert(snapshot.snapshotID)
        metadata.snapshots.append(snapshot)
    }

    /// They are gone to all that asks `hasSnapshot`, and of `metadata` after `sweepSnapshots`.
    mutating func removeSnapshots(_ ids: [Int64]) {
        hasRemovedSnapshots = true
        if snapshotIDs == nil { snapshotIDs = Set(metadata.snapshots.map(\.snapshotID)) }
        snapshotIDs?.subtract(ids)
        removedSnapshotIDs.formUnion(ids)
        if let current = metadata.currentSnapshotID, snapshotIDs?.contains(current) == false {
            removeRef(SnapshotRef.mainBranch)
        }
    }

    /// Takes out what was removed; references to it and its statistics go along.
    private mutating func sweepSnapshots() {
        let ids = removedSnapshotIDs
        if ids.isEmpty { return }
        removedSnapshotIDs = []
        metadata.snapshots.removeAll { ids.contains($0.snapshotID) }
        metadata.statistics.removeAll { ids.contains($0.snapshotID) }
        metadata.partitionStatistics.removeAll { ids.contains($0.snapshotID) }
        for (name, ref) in metadata.refs where ids.contains(ref.snapshotID) { removeRef(name) }
    }

    /// - Errors: `ICE-3xx` where an update contradicts the table, `ICE-1xx` and `ICE-2xx` from the parts it brings.
    package mutating func apply(_ update: TableUpdate) throws(IcebergError) {
        switch update {
        case .assignUUID(let text): try assignUUID(text)
        case .upgradeFormatVersion(let version): try upgrade(to: version)
        case .addSchema(let schema, let lastColumnID): try add(schema, lastColumnID: lastColumnID)
        case .setCurrentSchema(let id): try setCurrentSchema(id)
        case .addSpec(let spec): try add(spec)
        case .setDefaultSpec(let id): try setDefaultSpec(id)
        case .addSortOrder(let order): try add(order)
        case .setDefaultSortOrder(let id): try setDefaultSortOrder(id)
        case .addSnapshot(let snapshot): try add(snapshot)
        case .setSnapshotRef(let name, let ref): try setRef(name, ref)
        case .removeSnapshots(let ids): removeSnapshots(ids)
        case .removeSnapshotRef(let name): removeRef(name)
        case .setLocation(let text): metadata.location = try TableLocation(text).uri
        case .setProperties(let updates): metadata.properties.merge(updates) { _, new in new }
        case .removeProperties(let names): for name in names { metadata.properties[name] = nil }
        case .setStatistics(let file):
            metadata.statistics.removeAll { $0.snapshotID == file.snapshotID }
            metadata.statistics.append(file)
        case .removeStatistics(let id): metadata.statistics.removeAll { $0.snapshotID == id }
        case .setPartitionStatistics(let file):
            metadata.partitionStatistics.removeAll { $0.snapshotID == file.snapshotID }
            metadata.partitionStatistics.append(file)
        case .removePartitionStatistics(let id):
            metadata.partitionStatistics.removeAll { $0.snapshotID == id }
        case .removePartitionSpecs(let ids): try removeSpecs(Set(ids))
        case .removeSchemas(let ids): try removeSchemas(Set(ids))
        case .addEncryptionKey(let key):
            metadata.encryptionKeys.removeAll { $0.keyID == key.keyID }
            metadata.encryptionKeys.append(key)
        case .removeEncryptionKey(let id): metadata.encryptionKeys.removeAll { $0.keyID == id }
        }
    }

    /// Takes away the snapshots and references that `retention` no longer keeps; call it after the updates.
    ///
    /// Ages go by this server's clock: a snapshot whose writer's was ahead makes none older.
    package mutating func expire(by retention: SnapshotRetention) throws(IcebergError) {
        sweepSnapshots()
        let expired = retention.expired(of: metadata, at: wallClock)
        for name in expired.refs { removeRef(name) }
        if !expired.snapshotIDs.isEmpty { try apply(.removeSnapshots(expired.snapshotIDs)) }
    }

    private mutating func assignUUID(_ text: String) throws(IcebergError) {
        guard let uuid = UniqueID(text) else {
            throw IcebergError(.malformed, "uuid is no UUID", ["found": text])
        }
        if !isCreating, uuid != metadata.uuid {
            throw IcebergError(
                .invalidUpdate, "a table keeps its UUID", ["table has": metadata.uuid, "asked": uuid])
        }
        metadata.uuid = uuid
    }

    private mutating func upgrade(to version: Int) throws(IcebergError) {
        guard (1...TableMetadata.newestFormatVersion).contains(version) else {
            throw IcebergError(
                .unsupportedVersion, "no such format version is known",
                ["format-version": version, "newest": TableMetadata.newestFormatVersion])
        }
        // A create transaction begins with the default, and may choose an earlier version.
        if version < metadata.formatVersion, !isCreating {
            throw IcebergError(
                .invalidUpdate, "a table never goes back a format version",
                ["table has": metadata.formatVersion, "asked": version])
        }
        metadata.formatVersion = version
    }

    /// Ends the commit and gives the metadata to write.
    ///
    /// `previousFile` is where the metadata before the change lies; it joins the metadata log.
    package consuming func finish(previousFile: String?) throws(IcebergError) -> TableMetadata {
        sweepSnapshots()
        if isCreating, metadata.sortOrders.isEmpty {
            metadata.sortOrders = [.unsorted]
            metadata.defaultSortOrderID = 0
        }
        if isCreating, metadata.specs.isEmpty {
            metadata.specs = [.unpartitioned]
            metadata.defaultSpecID = 0
        }
        try checkDefaults()
        try checkDescent()
        rewriteSnapshotLog()
        metadata.lastUpdatedMilliseconds = max(now, metadata.lastUpdatedMilliseconds)
        if let previousFile, let base {
            metadata.metadataLog.append(
                MetadataLogEntry(
                    metadataFile: previousFile, timestampMilliseconds: base.lastUpdatedMilliseconds))
        }
        let limit = max(
            1, metadata.properties["write.metadata.previous-versions-max"].flatMap { Int($0) } ?? 100)
        metadata.metadataLog.removeFirst(max(0, metadata.metadataLog.count - limit))
        try metadata.validate()
        return metadata
    }

    /// Adds what main became, leaves out what it only was in between; a removed snapshot takes the history before it
    /// along, because time travel through a hole would lie.
    private mutating func rewriteSnapshotLog() {
        if let last = mainSnapshotIDs.last, last == metadata.currentSnapshotID,
            let snapshot = metadata.snapshot(withID: last)
        {
            let time = addedSnapshotIDs.contains(last) ? snapshot.timestampMilliseconds : now
            metadata.snapshotLog.append(SnapshotLogEntry(snapshotID: last, timestampMilliseconds: time))
        }
        guard hasRemovedSnapshots else { return }
        let known = Set(metadata.snapshots.map(\.snapshotID))
        if let hole = metadata.snapshotLog.lastIndex(where: { !known.contains($0.snapshotID) }) {
            metadata.snapshotLog.removeFirst(hole + 1)
        }
    }
}

extension TableMetadata {
    /// The table after one commit; see `TableChange`. `expiring` also takes old snapshots away.
    package func applying(
        _ updates: [TableUpdate], at now: Instant, previousFile: String?, expiring: Bool = false
    ) throws(IcebergError) -> TableMetadata {
        var change = TableChange(of: self, at: now)
        for update in updates { try change.apply(update) }
        if expiring, let retention = SnapshotRetention(properties: change.metadata.properties) {
            try change.expire(by: retention)
        }
        return try change.finish(previousFile: previousFile)
    }
}
