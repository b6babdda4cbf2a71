package import Effects
package import JSONText
import Streams

/// Where a pipeline's rows go: a table of a catalog, or files in a bucket. How it writes may change, where to does not.
package struct SinkDefinition: Sendable, Equatable {
    /// Both names of a table mean the same thing; the one given is echoed.
    package enum Kind: String, Sendable, CaseIterable {
        case r2DataCatalog = "r2_data_catalog"
        case basinCatalog = "basin_catalog"
        case r2 = "r2"
    }

    package enum Target: Sendable, Equatable {
        /// The namespace's levels are joined by dots.
        case table(namespace: String, name: String, policy: SchemaPolicy)
        case files(FilePlace)
    }

    /// What becomes of columns that are written and that the table lacks.
    package enum SchemaPolicy: String, Sendable, CaseIterable {
        /// The pipeline is refused.
        case fixed
        /// The table gets them, without a value in the rows it has.
        case addColumns = "add_columns"
    }

    package let id: UniqueID
    package let name: String
    package let kind: Kind
    package let bucket: String
    package let target: Target
    package let rollingPolicy: RollingPolicy
    package let format: SinkFormat
    /// What else the client sent, without secrets; echoed.
    package let extras: JSONObject
    package let createdAt: Instant
    package var modifiedAt: Instant

    package static let defaultNamespace = "default"

    /// The same for all sinks that write to one table, or into one folder.
    var destination: String {
        switch target {
        case .table(let namespace, let name, _): "table \(bucket).\(namespace).\(name)"
        case .files(let place): "files \(bucket)/\(place.path)"
        }
    }
}

extension SinkDefinition {
    /// Reads the body of a create request. A `token` or `credentials` are taken and dropped: the sink writes as the
    /// server.
    ///
    /// - Errors: `invalidName`, `unsupportedSink`, `invalidDefinition` with the JSON path.
    package init(creating body: JSONValue, id: UniqueID, now: Instant) throws(PipelinesError) {
        guard body.object != nil else {
            throw PipelinesError(.invalidDefinition, "a sink is created from a JSON object", ["path": "$"])
        }
        name = try readName(body, of: "sink")
        let typeName = body["type"]?.string ?? ""
        guard let kind = Kind(rawValue: typeName.replacing("-", with: "_")) else {
            throw PipelinesError(
                .unsupportedSink, "this build has no sink of the type", ["type": typeName],
                hint: "use r2_data_catalog or basin_catalog for a table, r2 for files")
        }
        self.id = id
        self.kind = kind
        let config = body["config"] ?? .null
        guard let members = config.object else { throw invalid("", "a sink needs a config") }
        bucket = try Self.text(config, "bucket")
        rollingPolicy = try RollingPolicy(json: config["rolling_policy"] ?? .null)
        format = try SinkFormat(json: body["format"] ?? .null)
        if kind == .r2 {
            target = .files(try FilePlace(config: config))
        } else {
            target = try Self.table(config)
            guard case .parquet = format else {
                throw PipelinesError(
                    .invalidDefinition, "a catalog's tables are Parquet", ["path": "$.format.type"],
                    hint: "a sink of the type r2 writes JSON files")
            }
        }
        var extras = JSONObject()
        for name in ["account_id", "jurisdiction"] {
            if let value = members[name] { extras[name] = value }
        }
        self.extras = extras
        createdAt = now
        modifiedAt = now
    }

    private static func table(_ config: JSONValue) throws(PipelinesError) -> Target {
        let name = try text(config, config["table"] == nil ? "table_name" : "table")
        let isDefault = config["namespace"].map { $0.isNull } ?? true
        return .table(
            namespace: isDefault ? defaultNamespace : try text(config, "namespace"), name: name,
            policy: try schemaPolicy(config["schema_policy"] ?? .null))
    }

    private static func schemaPolicy(_ given: JSONValue) throws(PipelinesError) -> SchemaPolicy {
        if given.isNull { return .fixed }
        if let known = given.string.flatMap({ SchemaPolicy(rawValue: $0) }) { return known }
        throw invalid(
            "schema_policy", "it is one of " + SchemaPolicy.allCases.map(\.rawValue).joined(separator: ", "))
    }

    private static func text(_ config: JSONValue, _ name: String) throws(PipelinesError) -> String {
        guard let text = config[name]?.string, !text.isEmpty else {
            throw invalid(name, "a sink needs a \(name)")
        }
        // A namespace has several levels.
        guard text.utf8.count <= 2048 else { throw invalid(name, "the \(name) is too long") }
        return text
    }

    /// What a client reads, and what is stored.
    package var json: JSONValue {
        var config: JSONObject = ["bucket": .string(bucket)]
        for (name, value) in extras.members { config[name] = value }
        switch target {
        case .table(let namespace, let name, let policy):
            config["namespace"] = .string(namespace)
            config["table_name"] = .string(name)
            if policy != .fixed { config["schema_policy"] = .string(policy.rawValue) }
        case .files(let place):
            for (name, value) in place.json.members { config[name] = value }
        }
        config["rolling_policy"] = rollingPolicy.json
        return [
            "id": .string(id.hexDigits), "name": .string(name), "type": .string(kind.rawValue),
            "config": .object(config), "format": format.json, "created_at": .string(createdAt.rfc3339),
            "modified_at": .string(modifiedAt.rfc3339),
        ]
    }
}

/// Things are found by their id or their name: a name that reads as an id would be another's.
func requireNoID(_ name: String, of thing: String) throws(PipelinesError) {
    guard UniqueID(name) == nil else {
        throw PipelinesError(.invalidName, "a \(thing)'s name must not read as an id", ["name": name])
    }
}

/// The name in a create request.
func readName(_ body: JSONValue, of thing: String) throws(PipelinesError) -> String {
    let limit = 128
    guard let given = body["name"], !given.isNull else {
        throw PipelinesError(.invalidName, "a \(thing) needs a name", ["path": "$.name"])
    }
    guard let name = given.string else {
        throw PipelinesError(
            .invalidName, "a \(thing)'s name is a string", ["path": "$.name", "found": given.kindName])
    }
    guard !name.isEmpty, name.utf8.count <= limit else {
        throw PipelinesError(
            .invalidName, "a \(thing)'s name has 1 to \(limit) bytes", ["bytes": name.utf8.count])
    }
    guard StreamDefinition.isValidName(name) else {
        throw PipelinesError(
            .invalidName, "a \(thing)'s name is made of letters, digits and underscores", ["name": name])
    }
    return name
}
