package import Effects

/// Applies the updates of one commit to a view's metadata.
package struct ViewChange: Sendable {
    /// How many versions a view keeps unless its property says otherwise.
    private static let defaultHistory = 10

    private var metadata: ViewMetadata
    private let base: ViewMetadata?
    private let now: Int64
    private var lastAddedSchemaID: Int?
    private var lastAddedVersionID: Int?
    private var addedVersionIDs: Set<Int> = []

    package init(of metadata: ViewMetadata, at now: Instant) {
        self.metadata = metadata
        base = metadata
        self.now = now.milliseconds
    }

    package init(creating uuid: UniqueID, at now: Instant) {
        metadata = ViewMetadata(uuid: uuid)
        base = nil
        self.now = now.milliseconds
    }

    /// - Errors: `ICE-1xx` to `ICE-3xx` where an update contradicts the view or does not hold together.
    package mutating func apply(_ update: ViewUpdate) throws(IcebergError) {
        switch update {
        case .assignUUID(let text): try assignUUID(text)
        case .upgradeFormatVersion(let version): try ViewMetadata.requireKnown(version: version)
        case .addSchema(let schema): try add(schema)
        case .setLocation(let text): metadata.location = try TableLocation(text).uri
        case .setProperties(let updates): metadata.properties.merge(updates) { _, new in new }
        case .removeProperties(let names): for name in names { metadata.properties[name] = nil }
        case .addVersion(let version): try add(version)
        case .setCurrentVersion(let id): try setCurrentVersion(id)
        }
    }

    private mutating func assignUUID(_ text: String) throws(IcebergError) {
        guard let uuid = UniqueID(text) else {
            throw IcebergError(.malformed, "uuid is no UUID", ["found": text])
        }
        if base != nil, uuid != metadata.uuid {
            throw IcebergError(
                .invalidUpdate, "a view keeps its UUID", ["view has": metadata.uuid, "asked": uuid])
        }
        metadata.uuid = uuid
    }

    private mutating func add(_ schema: IcebergSchema) throws(IcebergError) {
        try schema.validate(formatVersion: TableMetadata.newestFormatVersion)
        if let same = metadata.schemas.first(where: { $0.hasSameColumns(as: schema) }) {
            lastAddedSchemaID = same.schemaID
            return
        }
        var schema = schema
        schema.schemaID = try Self.next(after: metadata.schemas.map(\.schemaID), from: 0)
        lastAddedSchemaID = schema.schemaID
        metadata.schemas.append(schema)
    }

    /// A version that says what another one says takes its id; one whose id is taken gets a new one.
    private mutating func add(_ version: ViewVersion) throws(IcebergError) {
        var version = version
        if version.schemaID == -1 {
            guard let last = lastAddedSchemaID else {
                throw IcebergError(.invalidUpdate, "schema -1 means one added in this commit, and none was")
            }
            version.schemaID = last
        }
        guard metadata.schema(withID: version.schemaID) != nil else {
            throw IcebergError(
                .unknownSchema, "the view has no such schema", ["schema-id": version.schemaID])
        }
        if let same = metadata.versions.first(where: { $0.hasSameMeaning(as: version) }) {
            lastAddedVersionID = same.versionID
            return
        }
        version.versionID = try Self.next(after: metadata.versions.map(\.versionID), from: version.versionID)
        lastAddedVersionID = version.versionID
        addedVersionIDs.insert(version.versionID)
        metadata.versions.append(version)
    }

    private static func next(after ids: [Int], from first: Int) throws(IcebergError) -> Int {
        guard let highest = ids.max(), highest >= first else { return first }
        guard highest < Int(Int32.max) else {
            throw IcebergError(.invalidUpdate, "the ids of the view are used up", ["highest": highest])
        }
        return highest + 1
    }

    private mutating func setCurrentVersion(_ wanted: Int) throws(IcebergError) {
        guard let id = wanted == -1 ? lastAddedVersionID : wanted else {
            throw IcebergError(.invalidUpdate, "version -1 means one added in this commit, and none was")
        }
        guard let version = metadata.version(withID: id) else {
            throw IcebergError(.unknownViewVersion, "the view has no such version", ["version-id": id])
        }
        if id == metadata.currentVersionID, !metadata.versionLog.isEmpty { return }
        metadata.currentVersionID = id
        let time = addedVersionIDs.contains(id) ? version.timestampMilliseconds : now
        metadata.versionLog.append(ViewHistoryEntry(versionID: id, timestampMilliseconds: time))
    }

    /// Ends the commit and gives the metadata to write.
    ///
    /// - Errors: `ICE-303` when the new version lost a dialect and the view does not permit that; those of `validate`.
    package consuming func finish() throws(IcebergError) -> ViewMetadata {
        try requireDialects()
        try expireVersions()
        try metadata.validate()
        return metadata
    }

    /// A reader that only knows the lost dialect would be left without the view.
    private func requireDialects() throws(IcebergError) {
        guard metadata.properties["replace.drop-dialect.allowed"]?.lowercased() != "true",
            let old = base?.currentVersion, let new = metadata.currentVersion
        else { return }
        let lost = old.dialects.subtracting(new.dialects)
        if lost.isEmpty { return }
        throw IcebergError(
            .invalidUpdate, "the new version of the view lacks a dialect of the one before",
            ["dialects": lost.sorted().joined(separator: ", ")],
            hint: "add it, or set the view's property replace.drop-dialect.allowed to true")
    }

    /// Keeps the newest versions, all of this commit and the current one; the log forgets what came before one that went.
    private mutating func expireVersions() throws(IcebergError) {
        let text = metadata.properties["version.history.num-entries"]
        guard let wanted = text.map({ Int($0) }) ?? Self.defaultHistory, wanted > 0 else {
            throw IcebergError(
                .invalidView, "version.history.num-entries is a positive number", ["found": text ?? ""])
        }
        let keep = max(wanted, addedVersionIDs.count)
        guard metadata.versions.count > keep else { return }
        let others = metadata.versions.map(\.versionID).filter { $0 != metadata.currentVersionID }
        let kept = Set(others.sorted(by: >).prefix(keep - 1) + [metadata.currentVersionID])
        metadata.versions.removeAll { !kept.contains($0.versionID) }
        if let hole = metadata.versionLog.lastIndex(where: { !kept.contains($0.versionID) }) {
            metadata.versionLog.removeFirst(hole + 1)
        }
    }
}
