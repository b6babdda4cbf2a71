package import Effects
package import JSONText

/// A view as its metadata file describes it.
///
/// Source: Iceberg view specification, version 1.
package struct ViewMetadata: Sendable, Hashable {
    package static let formatVersion = 1

    package var uuid: UniqueID
    package var location = ""
    package var currentVersionID = 0
    package var versions: [ViewVersion] = []
    package var versionLog: [ViewHistoryEntry] = []
    package var schemas: [IcebergSchema] = []
    package var properties: [String: String] = [:]
    /// Members Firn does not know.
    package var extras = JSONObject()

    init(uuid: UniqueID) { self.uuid = uuid }

    package var currentVersion: ViewVersion? { version(withID: currentVersionID) }
    package func version(withID id: Int) -> ViewVersion? { versions.first { $0.versionID == id } }
    package func schema(withID id: Int) -> IcebergSchema? { schemas.first { $0.schemaID == id } }

    /// - Errors: `ICE-109`, `ICE-201`, `ICE-206`, and those of the schemas.
    func validate() throws(IcebergError) {
        guard currentVersion != nil else {
            throw IcebergError(
                .unknownViewVersion, "the view has no such version", ["version-id": currentVersionID])
        }
        guard Set(versions.map(\.versionID)).count == versions.count,
            Set(schemas.map(\.schemaID)).count == schemas.count
        else { throw IcebergError(.invalidView, "two versions or two schemas of the view share an id") }
        for version in versions where schema(withID: version.schemaID) == nil {
            throw IcebergError(
                .unknownSchema, "the view has no such schema",
                ["schema-id": version.schemaID, "version-id": version.versionID])
        }
        for schema in schemas { try schema.validate(formatVersion: TableMetadata.newestFormatVersion) }
    }
}

/// When a version became the current one.
package struct ViewHistoryEntry: Sendable, Hashable {
    package var versionID: Int
    package var timestampMilliseconds: Int64
    package var extras = JSONObject()

    init(versionID: Int, timestampMilliseconds: Int64) {
        self.versionID = versionID
        self.timestampMilliseconds = timestampMilliseconds
    }

    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "version log entry")
        versionID = try members.integer("version-id")
        timestampMilliseconds = try members.long("timestamp-ms")
        extras = members.rest(beyond: ["version-id", "timestamp-ms"])
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "version-id": JSONValue(versionID), "timestamp-ms": JSONValue(timestampMilliseconds),
        ]
        object.merge(extras)
        return .object(object)
    }
}
