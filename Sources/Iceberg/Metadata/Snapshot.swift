package import JSONText

/// The state of a table after one commit.
package struct Snapshot: Sendable, Hashable {
    package var snapshotID: Int64
    package var parentID: Int64?
    /// Order of commits; zero in tables of version 1.
    package var sequenceNumber: Int64
    package var timestampMilliseconds: Int64
    /// Where the manifest list lies; nil only in snapshots of version 1 that list their manifests themselves.
    package var manifestList: String?
    /// Paths of manifests, only where `manifestList` is nil.
    package var manifests: [String]
    /// `operation` and what the writer counted.
    package var summary: [String: String]
    package var schemaID: Int?
    /// Version 3: the row id of the first row added.
    package var firstRowID: Int64?
    /// Version 3: how many row ids the snapshot took.
    package var addedRows: Int64?
    package var extras = JSONObject()

    package init(
        snapshotID: Int64, parentID: Int64?, sequenceNumber: Int64, timestampMilliseconds: Int64,
        manifestList: String
    ) {
        self.snapshotID = snapshotID
        self.parentID = parentID
        self.sequenceNumber = sequenceNumber
        self.timestampMilliseconds = timestampMilliseconds
        self.manifestList = manifestList
        manifests = []
        summary = [:]
    }

    static let operations = ["append", "replace", "overwrite", "delete"]

    /// One of `operations`; old snapshots may have none.
    package var operation: String? { summary["operation"] }
}

extension Snapshot {
    private static let members: Set<String> = [
        "snapshot-id", "parent-snapshot-id", "sequence-number", "timestamp-ms", "manifest-list", "manifests",
        "summary",
        "schema-id", "first-row-id", "added-rows",
    ]

    package init(json: JSONValue) throws(IcebergError) {
        let object = try JSONMembers(json, of: "snapshot")
        let manifestList = try object.optionalString("manifest-list")
        let manifests = object.has("manifests") ? try object.strings("manifests") : []
        if manifestList == nil, !object.has("manifests") {
            throw IcebergError(.malformed, "a snapshot needs a manifest-list", ["found": json.description])
        }
        self.init(
            snapshotID: try object.long("snapshot-id"),
            parentID: try object.optionalLong("parent-snapshot-id"),
            sequenceNumber: try object.optionalLong("sequence-number") ?? 0,
            timestampMilliseconds: try object.long("timestamp-ms"), manifestList: manifestList ?? "")
        self.manifestList = manifestList
        self.manifests = manifestList == nil ? manifests : []
        // Some old writers put a parent of -1 where there is none.
        if let parentID, parentID < 0 { self.parentID = nil }
        summary = try object.optionalStringMap("summary") ?? [:]
        schemaID = try object.optionalInteger("schema-id")
        firstRowID = try object.optionalLong("first-row-id")
        addedRows = try object.optionalLong("added-rows")
        extras = object.rest(beyond: Self.members)
    }

    package var json: JSONValue { json(formatVersion: 2) }

    package func json(formatVersion: Int) -> JSONValue {
        var object = JSONObject()
        if formatVersion > 1 { object["sequence-number"] = JSONValue(sequenceNumber) }
        object["snapshot-id"] = JSONValue(snapshotID)
        object["parent-snapshot-id"] = parentID.map { JSONValue($0) }
        object["timestamp-ms"] = JSONValue(timestampMilliseconds)
        if !summary.isEmpty {
            var texts: JSONObject = [:]
            texts["operation"] = operation.map { .string($0) }
            texts.merge(JSONObject(sortedStrings: summary))
            object["summary"] = .object(texts)
        }
        if let manifestList {
            object["manifest-list"] = .string(manifestList)
        } else {
            object["manifests"] = JSONValue(manifests)
        }
        object["schema-id"] = schemaID.map { JSONValue($0) }
        object["first-row-id"] = firstRowID.map { JSONValue($0) }
        object["added-rows"] = addedRows.map { JSONValue($0) }
        object.merge(extras)
        return .object(object)
    }
}
