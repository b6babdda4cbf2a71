import Effects
package import JSONText

extension ViewMetadata {
    private static let memberNames: Set<String> = [
        "view-uuid", "format-version", "location", "current-version-id", "versions", "version-log", "schemas",
        "properties",
    ]

    /// - Errors: `ICE-101` for a wrong shape, `ICE-103` for another format version, and those of `validate`.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "view metadata")
        try Self.requireKnown(version: members.integer("format-version"))
        guard let uuid = UniqueID(try members.string("view-uuid")) else {
            throw IcebergError(
                .malformed, "view-uuid is no UUID", ["found": try members.string("view-uuid")])
        }
        self.init(uuid: uuid)
        location = try members.string("location")
        currentVersionID = try members.integer("current-version-id")
        versions = try members.array("versions").mapped { (json) throws(IcebergError) in
            try ViewVersion(json: json)
        }
        versionLog = try members.array("version-log").mapped { (json) throws(IcebergError) in
            try ViewHistoryEntry(json: json)
        }
        schemas = try members.array("schemas").mapped { (json) throws(IcebergError) in
            try IcebergSchema(json: json)
        }
        properties = try members.optionalStringMap("properties") ?? [:]
        extras = members.rest(beyond: Self.memberNames)
        try validate()
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "view-uuid": .string(uuid.description), "format-version": JSONValue(Self.formatVersion),
            "location": .string(location), "current-version-id": JSONValue(currentVersionID),
            "versions": .array(versions.map(\.json)), "version-log": .array(versionLog.map(\.json)),
            "schemas": .array(schemas.map(\.json)),
            "properties": .object(JSONObject(sortedStrings: properties)),
        ]
        object.merge(extras)
        return .object(object)
    }

    static func requireKnown(version: Int) throws(IcebergError) {
        if version == formatVersion { return }
        throw IcebergError(
            .unsupportedVersion, "views have no such format version",
            ["format-version": version, "newest": formatVersion])
    }
}
