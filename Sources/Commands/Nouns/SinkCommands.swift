import JSONText

/// `firn sink …`, with wrangler's flags.
enum SinkCommands {
    private static let base = "pipelines/v1/sinks"

    static let spec = CommandSpec(
        name: "sink", summary: "where pipelines write", subcommands: [create, list, get, update, delete])

    private static let create = CommandSpec(
        name: "create", summary: "creates a sink", positionals: [PositionalSpec(name: "NAME")],
        flags: [
            .value("type", "TYPE", "r2-data-catalog or basin-catalog: a table; r2: files"),
            .value("bucket", "NAME", "bucket to write to"),
            .value("namespace", "NAME", "the table's namespace"),
            .value("table", "NAME", "the table's name"),
            .value("schema-policy", "POLICY", "of a table that is there: fixed, or add_columns it lacks"),
            .value("catalog-token", "VALUE", "token for the catalog"),
            .value("path", "PATH", "folder of the files"),
            .value("partitioning", "PATTERN", "folders by time below it, as year=%Y/month=%m/day=%d"),
            .value("file-naming", "STRATEGY", "serial, uuid, uuid_v7 or ulid"),
            .value("file-prefix", "TEXT", "what names of files begin with"),
            .value("file-suffix", "TEXT", "what names of files end with, instead of the format's"),
            .value("access-key-id", "ID", "taken and not needed: files are written as the server"),
            .value("secret-access-key", "KEY", "taken and not needed"),
            .value("format", "FORMAT", "parquet, or json for a sink of files"),
            .value("compression", "NAME", "zstd, snappy, gzip, lz4 or uncompressed; of JSON gzip or zstd"),
            .value("target-row-group-size", "MB", "size of row groups"),
        ] + rolling + Invocation.serverFlags,
        notes:
            """
            For example: firn sink create clicks --type r2-data-catalog --bucket lake --namespace web --table clicks
                         firn sink create raw --type r2 --bucket lake --path raw/clicks --format json --compression gzip
            """
    ) { invocation in
        let body = try SinkCommands.body(invocation)
        let made = try await invocation.server().call("POST", base, body)
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created sink \(TableText.cell(made["name"]))")
        invocation.tell("  id  \(TableText.cell(made["id"]))")
    }

    private static let rolling: [FlagSpec] = [
        .value("roll-interval", "SECONDS", "lands at least this often"),
        .value("roll-size", "MB", "lands when a file is this large"),
        .value("roll-rows", "N", "lands when there are so many rows"),
        .value("roll-inactivity", "SECONDS", "lands when nothing has come for so long"),
    ]

    private static let update = CommandSpec(
        name: "update", summary: "changes how a sink writes; its pipelines go on where they stand",
        positionals: [PositionalSpec(name: "SINK")],
        flags: [
            .value("schema-policy", "POLICY", "of a table that is there: fixed, or add_columns it lacks"),
            .value("partitioning", "PATTERN", "folders of files by time, as year=%Y/month=%m/day=%d"),
            .value("compression", "NAME", "zstd, snappy, gzip, lz4 or uncompressed; of JSON gzip or zstd"),
            .value("target-row-group-size", "MB", "size of row groups"),
        ] + rolling + Invocation.serverFlags
    ) { invocation in
        var config = JSONObject()
        if let policy = invocation["schema-policy"] { config["schema_policy"] = .string(policy) }
        if let pattern = invocation["partitioning"] {
            config["partitioning"] = ["time_pattern": .string(pattern)]
        }
        let rolling = try rollingPolicy(invocation)
        if !rolling.isEmpty { config["rolling_policy"] = .object(rolling) }
        let format = try format(invocation)
        var body = JSONObject()
        if !config.isEmpty { body["config"] = .object(config) }
        if !format.isEmpty { body["format"] = .object(format) }
        let name = invocation.arguments.positionals[0]
        let changed = try await invocation.server().call(
            "PATCH", "firn/sinks/\(FirnServer.segment(name))", .object(body))
        if invocation.wantsJSON { return invocation.show(changed) }
        invocation.tell("updated sink \(name)")
    }

    private static func format(_ invocation: Invocation) throws -> JSONObject {
        var format = JSONObject()
        if let compression = invocation["compression"] { format["compression"] = .string(compression) }
        if let size = try invocation.integer("target-row-group-size", in: 1...1 << 20) {
            format["row_group_bytes"] = .integer(Int64(size) * megabyte)
        }
        return format
    }

    static func body(_ invocation: Invocation) throws -> JSONValue {
        let type = try invocation.required("type").replacing("-", with: "_")
        var config: JSONObject = ["bucket": .string(try invocation.required("bucket"))]
        for (flag, member) in [
            ("namespace", "namespace"), ("table", "table_name"), ("catalog-token", "token"), ("path", "path"),
            ("schema-policy", "schema_policy"),
        ] {
            if let value = invocation[flag] { config[member] = .string(value) }
        }
        if let pattern = invocation["partitioning"] {
            config["partitioning"] = ["time_pattern": .string(pattern)]
        }
        var naming = JSONObject()
        for (flag, member) in [
            ("file-naming", "strategy"), ("file-prefix", "prefix"), ("file-suffix", "suffix"),
        ] {
            if let value = invocation[flag] { naming[member] = .string(value) }
        }
        if !naming.isEmpty { config["file_naming"] = .object(naming) }
        let rolling = try rollingPolicy(invocation)
        if !rolling.isEmpty { config["rolling_policy"] = .object(rolling) }
        var format: JSONObject = ["type": .string(invocation["format"] ?? "parquet")]
        for (name, value) in try self.format(invocation).members { format[name] = value }
        return [
            "name": .string(invocation.arguments.positionals[0]), "type": .string(type),
            "format": .object(format),
            "config": .object(config),
        ]
    }

    private static let megabyte: Int64 = 1 << 20

    private static func rollingPolicy(_ invocation: Invocation) throws -> JSONObject {
        var rolling = JSONObject()
        if let seconds = try invocation.integer("roll-interval", in: 1...86_400) {
            rolling["interval_seconds"] = .integer(Int64(seconds))
        }
        if let size = try invocation.integer("roll-size", in: 1...1 << 20) {
            rolling["file_size_bytes"] = .integer(Int64(size) * megabyte)
        }
        if let rows = try invocation.integer("roll-rows", in: 1...1 << 40) {
            rolling["file_rows"] = .integer(Int64(rows))
        }
        if let seconds = try invocation.integer("roll-inactivity", in: 1...86_400) {
            rolling["inactivity_seconds"] = .integer(Int64(seconds))
        }
        return rolling
    }

    private static let list = CommandSpec(
        name: "list", summary: "lists sinks", flags: Invocation.serverFlags
    ) { invocation in
        invocation.show(
            try await invocation.server().list(base), columns: ["name", "id", "type"])
    }

    private static let get = CommandSpec(
        name: "get", summary: "shows one sink, by id or name", positionals: [PositionalSpec(name: "SINK")],
        flags: Invocation.serverFlags
    ) { invocation in
        let name = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "\(base)/\(name)"))
    }

    private static let delete = CommandSpec(
        name: "delete", summary: "deletes a sink; its table or files stay",
        positionals: [PositionalSpec(name: "SINK")],
        flags: Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        _ = try await invocation.server().call("DELETE", "\(base)/\(FirnServer.segment(name))")
        invocation.tell("deleted sink \(name)")
    }
}
