package import Effects
import FileFormats
package import JSONText

/// The hosted service's shapes: what a client sends to create or change a stream, and what it reads back.
extension StreamDefinition {
    /// Reads the body of a create request.
    ///
    /// - Errors: `invalidName`, `invalidDefinition` with the JSON path; what `StreamSchema` says about the schema.
    package init(creating body: JSONValue, id: UniqueID, now: Instant) throws {
        guard body.object != nil else { throw Self.invalid("$", "a stream is created from a JSON object") }
        let name = try Self.readName(body["name"] ?? .null)
        let format = body["format"]?.object ?? ["type": "json"]
        guard format["type"]?.string ?? "json" == "json" else {
            throw Self.invalid("$.format.type", "events come as JSON")
        }
        let isUnstructured = format["unstructured"]?.boolean == true
        let givenSchema = body["schema"] ?? .null
        let hasFields = givenSchema["fields"].map { !$0.isNull } ?? false
        if isUnstructured, hasFields {
            throw Self.invalid("$.schema", "an unstructured stream has no schema")
        }
        self.id = id
        self.name = name
        schema = hasFields ? try StreamSchema(json: givenSchema) : .unstructured
        self.format = format
        let unknown = body["unknown_fields"] ?? .null
        guard unknown.isNull || unknown.string.flatMap(UnknownFieldPolicy.init) != nil else {
            throw Self.invalid("$.unknown_fields", "unknown_fields is count or reject")
        }
        unknownFields = unknown.string.flatMap(UnknownFieldPolicy.init) ?? .count
        http = try HTTPSettings(body["http"] ?? .null, over: HTTPSettings())
        hasWorkerBinding = try Self.readBinding(body["worker_binding"] ?? .null) ?? true
        acknowledgement = try Self.readAcknowledgement(body["acknowledge"] ?? .null) ?? .durable
        limits = try StreamLimits(body["limits"] ?? .null, over: StreamLimits())
        version = 1
        createdAt = now
        modifiedAt = now
    }

    /// The settings after a change request; only what the body names changes.
    ///
    /// - Errors: `invalidDefinition` with the JSON path; what `StreamSchema` says about a schema.
    package func changed(by body: JSONValue, now: Instant) throws -> StreamDefinition {
        guard let members = body.object else { throw Self.invalid("$", "a change is a JSON object") }
        try Self.requireKnownMembers(changing: body)
        for name in ["format", "name", "unknown_fields"] where members[name] != nil {
            throw Self.invalid("$.\(name)", "this part of a stream cannot be changed")
        }
        var changed = self
        if let given = members["schema"], !given.isNull {
            changed.schema = try extendedSchema(try StreamSchema(json: given))
            try changed.requireColumnNames()
        }
        changed.http = try HTTPSettings(body["http"] ?? .null, over: http)
        if changed.http.corsOrigins != http.corsOrigins { try changed.requireOrigins() }
        changed.hasWorkerBinding = try Self.readBinding(body["worker_binding"] ?? .null) ?? hasWorkerBinding
        changed.acknowledgement =
            try Self.readAcknowledgement(body["acknowledge"] ?? .null) ?? acknowledgement
        changed.limits = try StreamLimits(body["limits"] ?? .null, over: limits)
        changed.version += 1
        changed.modifiedAt = now
        return changed
    }

    /// What a client reads. `endpoint` is the full address for events.
    package func json(endpoint: String?) -> JSONValue {
        var object: JSONObject = ["id": .string(id.hexDigits), "name": .string(name)]
        object["version"] = .integer(version)
        object["created_at"] = .string(createdAt.rfc3339)
        object["modified_at"] = .string(modifiedAt.rfc3339)
        if let endpoint { object["endpoint"] = .string(endpoint) }
        for (name, value) in settings.members where name != "name" { object[name] = value }
        return .object(object)
    }

    /// The members that are stored.
    var settings: JSONObject {
        var object: JSONObject = ["name": .string(name)]
        object["http"] = [
            "enabled": .boolean(http.isEnabled), "authentication": .boolean(http.needsAuthentication),
            "cors": ["origins": JSONValue(http.corsOrigins)],
        ]
        object["worker_binding"] = ["enabled": .boolean(hasWorkerBinding)]
        object["format"] = .object(format)
        if schema != .unstructured { object["schema"] = schema.json }
        object["unknown_fields"] = .string(unknownFields.rawValue)
        object["acknowledge"] = .string(acknowledgement.rawValue)
        if let limits = limits.json { object["limits"] = limits }
        return object
    }

    private static func readName(_ value: JSONValue) throws(StreamsError) -> String {
        let limit = 128
        guard !value.isNull else {
            throw StreamsError(.invalidName, "a stream needs a name", ["path": "$.name"])
        }
        guard let name = value.string else {
            throw StreamsError(
                .invalidName, "a stream's name is a string", ["path": "$.name", "found": value.kindName])
        }
        guard !name.isEmpty, name.utf8.count <= limit else {
            throw StreamsError(
                .invalidName, "a stream's name has 1 to \(limit) bytes", ["bytes": name.utf8.count])
        }
        guard isValidName(name) else {
            throw StreamsError(
                .invalidName, "a stream's name is made of letters, digits and underscores", ["name": name])
        }
        return name
    }

    private static func readAcknowledgement(
        _ value: JSONValue
    ) throws(StreamsError) -> Acknowledgement? {
        if value.isNull { return nil }
        guard let mode = value.string.flatMap(Acknowledgement.init) else {
            throw invalid("$.acknowledge", "an acknowledgement is durable, validated or landed")
        }
        return mode
    }

    private static func readBinding(_ value: JSONValue) throws(StreamsError) -> Bool? {
        if value.isNull { return nil }
        guard let isEnabled = value["enabled"]?.boolean else {
            throw invalid("$.worker_binding.enabled", "enabled is true or false")
        }
        return isEnabled
    }

    static func invalid(_ path: String, _ summary: String) -> StreamsError {
        StreamsError(.invalidDefinition, summary, ["path": path])
    }
}

extension StreamDefinition.HTTPSettings {
    fileprivate init(_ value: JSONValue, over base: Self) throws(StreamsError) {
        self = base
        if value.isNull { return }
        guard value.object != nil else { throw StreamDefinition.invalid("$.http", "http is an object") }
        isEnabled = try Self.flag(value, "enabled") ?? isEnabled
        needsAuthentication = try Self.flag(value, "authentication") ?? needsAuthentication
        guard let origins = value["cors"]?["origins"], !origins.isNull else { return }
        guard let list = origins.array, list.count <= 100, list.allSatisfy({ $0.string != nil }) else {
            throw StreamDefinition.invalid("$.http.cors.origins", "origins are at most 100 strings")
        }
        corsOrigins = list.compactMap(\.string).filter { $0 != "none" }
    }

    private static func flag(_ value: JSONValue, _ name: String) throws(StreamsError) -> Bool? {
        guard let given = value[name], !given.isNull else { return nil }
        guard let flag = given.boolean else {
            throw StreamDefinition.invalid("$.http.\(name)", "\(name) is true or false")
        }
        return flag
    }
}
