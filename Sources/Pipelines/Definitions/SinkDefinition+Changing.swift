package import Effects
package import JSONText

extension SinkDefinition {
    /// Members of a sink's config that say how it writes; the others say where to.
    private static let changeable = ["rolling_policy", "schema_policy", "partitioning"]

    /// This sink as a PATCH wants it: `config` with members that change, `format` with its own. A member of the rolling
    /// policy or of the format that is not given stays; one that is null takes its default again.
    ///
    /// - Errors: `PIP-105` with the JSON path, also for what makes it another sink.
    package func changed(_ body: JSONValue, now: Instant) throws(PipelinesError) -> SinkDefinition {
        guard let members = body.object, !members.isEmpty else {
            throw PipelinesError(
                .invalidDefinition, "a change of a sink has a config or a format", ["path": "$"])
        }
        if let stranger = members.names.first(where: { !["config", "format"].contains($0) }) {
            throw PipelinesError(
                .invalidDefinition, "of a sink its config and its format may change",
                ["path": "$.\(stranger)"])
        }
        let old = json
        var config = old["config"]?.object ?? [:]
        for (name, value) in (members["config"]?.object ?? [:]).members where value != config[name] {
            guard Self.changeable.contains(name) else {
                throw PipelinesError(
                    .invalidDefinition, "a sink's \(name) stays as it is", ["path": "$.config.\(name)"],
                    hint: "make another sink, and give the pipeline SQL that writes to it: it goes on there")
            }
            config[name] = name == "rolling_policy" ? Self.merged(config[name], value) : value
        }
        var format = members["format"] ?? .null
        // Another type has members of its own.
        if (format["type"] ?? old["format"]?["type"]) == old["format"]?["type"] {
            format = Self.merged(old["format"], format)
        }
        let definition: JSONValue = [
            "name": .string(name), "type": .string(kind.rawValue), "config": .object(config),
            "format": format,
        ]
        var changed = try SinkDefinition(creating: definition, id: id, now: createdAt)
        try changed.requireKnownMembers(in: definition)
        changed.modifiedAt = now
        return changed
    }

    private static func merged(_ old: JSONValue?, _ new: JSONValue) -> JSONValue {
        guard var members = old?.object, let given = new.object else {
            return new.isNull ? old ?? .null : new
        }
        for (name, value) in given.members { members[name] = value }
        return .object(members)
    }
}
