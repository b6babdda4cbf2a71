import Effects
package import JSONText

/// One change to a view's metadata, as clients send it. Ids of -1 mean "the one added last in this commit".
///
/// Source: Iceberg REST catalog specification, `ViewUpdate`.
package enum ViewUpdate: Sendable, Hashable {
    case assignUUID(String)
    case upgradeFormatVersion(Int)
    case addSchema(IcebergSchema)
    case setLocation(String)
    case setProperties([String: String])
    case removeProperties([String])
    case addVersion(ViewVersion)
    case setCurrentVersion(Int)

    /// - Errors: `ICE-301` for an action views do not have, `ICE-101` for a wrong form.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "view update")
        self =
            switch try members.string("action") {
            case "assign-uuid": .assignUUID(try members.string("uuid"))
            case "upgrade-format-version": .upgradeFormatVersion(try members.integer("format-version"))
            case "add-schema": .addSchema(try IcebergSchema(json: members.required("schema")))
            case "set-location": .setLocation(try members.string("location"))
            case "set-properties": .setProperties(try members.stringMap("updates"))
            case "remove-properties": .removeProperties(try members.strings("removals"))
            case "add-view-version": .addVersion(try ViewVersion(json: members.required("view-version")))
            case "set-current-view-version": .setCurrentVersion(try members.integer("view-version-id"))
            case let other:
                throw IcebergError(.unknownUpdate, "no view update has this action", ["action": other])
            }
    }
}

/// What must hold of a view for a commit to go on.
package enum ViewRequirement: Sendable, Hashable {
    case viewUUID(String)

    /// - Errors: `ICE-302` for a type nobody specified, `ICE-101` for a wrong form.
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "view requirement")
        let type = try members.string("type")
        guard type == "assert-view-uuid" else {
            throw IcebergError(.unknownRequirement, "no view requirement has this type", ["type": type])
        }
        self = .viewUUID(try members.string("uuid"))
    }

    /// - Errors: `ICE-304`.
    package func check(against metadata: ViewMetadata) throws(IcebergError) {
        guard case .viewUUID(let uuid) = self, uuid.lowercased() != metadata.uuid.description else { return }
        throw IcebergError(
            .requirementFailed, "the view is not the expected one",
            ["expected": uuid, "found": metadata.uuid], hint: "load the view again and retry")
    }
}
