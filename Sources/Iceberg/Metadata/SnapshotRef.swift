package import JSONText

/// A name for a snapshot: a branch moves with commits, a tag stays.
package struct SnapshotRef: Sendable, Hashable {
    /// The branch that readers see when they ask for none.
    package static let mainBranch = "main"

    package enum Kind: String, Sendable { case branch, tag }

    package var snapshotID: Int64
    package var kind: Kind
    package var maximumRefAgeMilliseconds: Int64?
    /// Branches only.
    package var maximumSnapshotAgeMilliseconds: Int64?
    /// Branches only.
    package var minimumSnapshotsToKeep: Int?
    package var extras = JSONObject()

    package init(snapshotID: Int64, kind: Kind = .branch) {
        self.snapshotID = snapshotID
        self.kind = kind
    }

    static let memberNames: Set<String> = [
        "snapshot-id", "type", "max-ref-age-ms", "max-snapshot-age-ms", "min-snapshots-to-keep",
    ]

    package init(json: JSONValue) throws(IcebergError) {
        try self.init(JSONMembers(json, of: "snapshot reference"), beyond: [])
    }

    /// `more` names members around the reference that are not its own.
    init(_ members: JSONMembers, beyond more: Set<String>) throws(IcebergError) {
        let kind = Kind(rawValue: try members.string("type").lowercased())
        guard let kind else {
            throw IcebergError(
                .malformed, "a reference is a branch or a tag", ["found": try members.string("type")])
        }
        snapshotID = try members.long("snapshot-id")
        self.kind = kind
        maximumRefAgeMilliseconds = try members.optionalLong("max-ref-age-ms")
        maximumSnapshotAgeMilliseconds = try members.optionalLong("max-snapshot-age-ms")
        minimumSnapshotsToKeep = try members.optionalInteger("min-snapshots-to-keep")
        extras = members.rest(beyond: Self.memberNames.union(more))
    }

    package var json: JSONValue {
        var object: JSONObject = ["snapshot-id": JSONValue(snapshotID), "type": .string(kind.rawValue)]
        object["max-ref-age-ms"] = maximumRefAgeMilliseconds.map { JSONValue($0) }
        object["max-snapshot-age-ms"] = maximumSnapshotAgeMilliseconds.map { JSONValue($0) }
        object["min-snapshots-to-keep"] = minimumSnapshotsToKeep.map { JSONValue($0) }
        object.merge(extras)
        return .object(object)
    }

    func validate() throws(IcebergError) {
        let limits = [
            maximumRefAgeMilliseconds, maximumSnapshotAgeMilliseconds,
            minimumSnapshotsToKeep.map { Int64($0) },
        ]
        if limits.contains(where: { $0.map { $0 <= 0 } ?? false }) {
            throw IcebergError(.invalidUpdate, "the ages and counts of a reference are above zero")
        }
        if kind == .tag, maximumSnapshotAgeMilliseconds != nil || minimumSnapshotsToKeep != nil {
            throw IcebergError(.invalidUpdate, "a tag keeps one snapshot and takes no snapshot limits")
        }
    }
}
