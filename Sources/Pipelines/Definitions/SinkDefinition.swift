package import Effects
package import FileFormats
package import JSONText
import Streams

/// Where a pipeline's rows go: a table of a catalog. Never changes.
package struct SinkDefinition: Sendable, Equatable {
    /// Both names mean the same thing; the one given is echoed.
    package enum Kind: String, Sendable, CaseIterable {
        case r2DataCatalog = "r2_data_catalog"
        case basinCatalog = "basin_catalog"
    }

    package let id: UniqueID
    package let name: String
    package let kind: Kind
    package let bucket: String
    /// Levels joined by dots.
    package let namespace: String
    package let tableName: String
    package let rollingPolicy: RollingPolicy
    package let compression: ParquetCompression
    /// What the rows of a row group take before they are encoded; nil for the writer's own bound, in rows.
    package let rowGroupBytes: Int?
    /// What else the client sent, without secrets; echoed.
    package let extras: JSONObject
    package let createdAt: Instant
    package let modifiedAt: Instant

    package static let defaultNamespace = "default"
}

extension SinkDefinition {
    /// Reads the body of a create request. A `token` is taken and dropped: the sink writes as the server.
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
                hint: "use r2_data_catalog or basin_catalog")
        }
        self.id = id
        self.kind = kind
        let config = body["config"] ?? .null
        guard let members = config.object else { throw invalid("", "a sink needs a config") }
        bucket = try Self.text(config, "bucket")
        tableName = try Self.text(config, members["table"] == nil ? "table_name" : "table")
        namespace =
            try members["namespace"].map { $0.isNull } ?? true
            ? Self.defaultNamespace : Self.text(config, "namespace")
        rollingPolicy = try RollingPolicy(json: config["rolling_policy"] ?? .null)
        let format = body["format"] ?? .null
        guard format.isNull || (format["type"]?.string ?? "parquet") == "parquet" else {
            throw PipelinesError(
                .invalidDefinition, "a catalog's tables are Parquet", ["path": "$.format.type"])
        }
        compression = try Self.compression(format["compression"] ?? .null)
        let groupBytes = format["row_group_bytes"] ?? .null
        rowGroupBytes = groupBytes.integer.flatMap { Int(exactly: $0) }
        guard groupBytes.isNull || (rowGroupBytes.map { $0 >= 1 << 20 } ?? false) else {
            throw PipelinesError(
                .invalidDefinition, "row groups have at least 1 MiB", ["path": "$.format.row_group_bytes"])
        }
        var extras = JSONObject()
        if let account = members["account_id"] { extras["account_id"] = account }
        self.extras = extras
        createdAt = now
        modifiedAt = now
    }

    private static func compression(_ given: JSONValue) throws(PipelinesError) -> ParquetCompression {
        if given.isNull { return .zstd }
        guard let known = given.string.flatMap({ ParquetCompression(rawValue: $0) }) else {
            throw PipelinesError(
                .invalidDefinition, "no such compression",
                [
                    "path": "$.format.compression",
                    "given": String(given.string?.prefix(40) ?? given.kindName[...]),
                ],
                hint: "use one of " + ParquetCompression.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return known
    }

    /// How the sink's data files are laid out.
    var layout: ParquetWriteOptions {
        var layout = ParquetWriteOptions()
        layout.compression = compression
        if let rowGroupBytes {
            layout.rowGroupBytes = rowGroupBytes
            // Whoever asks for large groups shall get them.
            layout.rowGroupRows = Int(Int32.max)
        }
        return layout
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
        config["namespace"] = .string(namespace)
        config["table_name"] = .string(tableName)
        config["rolling_policy"] = rollingPolicy.json
        var format: JSONObject = ["type": "parquet", "compression": .string(compression.rawValue)]
        if let rowGroupBytes { format["row_group_bytes"] = JSONValue(rowGroupBytes) }
        return [
            "id": .string(id.hexDigits), "name": .string(name), "type": .string(kind.rawValue),
            "config": .object(config), "format": .object(format), "created_at": .string(createdAt.rfc3339),
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
