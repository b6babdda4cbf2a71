import JSONText

/// `firn sink …`, with wrangler's flags.
enum SinkCommands {
    private static let base = "pipelines/v1/sinks"

    static let spec = CommandSpec(
        name: "sink", summary: "where pipelines write", subcommands: [create, list, get, delete])

    private static let create = CommandSpec(
        name: "create", summary: "creates a sink", positionals: [PositionalSpec(name: "NAME")],
        flags: [
            .value("type", "TYPE", "r2-data-catalog or basin-catalog: a table"),
            .value("bucket", "NAME", "bucket to write to"),
            .value("namespace", "NAME", "the table's namespace"),
            .value("table", "NAME", "the table's name"),
            .value("catalog-token", "VALUE", "token for the catalog"),
            .value("format", "parquet", "format of files"),
            .value("compression", "NAME", "zstd, snappy, gzip, lz4 or uncompressed"),
            .value("target-row-group-size", "MB", "size of row groups"),
            .value("roll-interval", "SECONDS", "lands at least this often"),
            .value("roll-size", "MB", "lands when a file is this large"),
        ] + Invocation.serverFlags,
        notes:
            "For example: firn sink create clicks --type r2-data-catalog --bucket lake --namespace web --table clicks"
    ) { invocation in
        let body = try SinkCommands.body(invocation)
        let made = try await invocation.server().call("POST", base, body)
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created sink \(TableText.cell(made["name"]))")
        invocation.tell("  id  \(TableText.cell(made["id"]))")
    }

    static func body(_ invocation: Invocation) throws -> JSONValue {
        let megabyte: Int64 = 1 << 20
        let type = try invocation.required("type").replacing("-", with: "_")
        var config: JSONObject = ["bucket": .string(try invocation.required("bucket"))]
        for (flag, member) in [
            ("namespace", "namespace"), ("table", "table_name"), ("catalog-token", "token"),
        ] {
            if let value = invocation[flag] { config[member] = .string(value) }
        }
        var rolling = JSONObject()
        if let seconds = try invocation.integer("roll-interval", in: 1...86_400) {
            rolling["interval_seconds"] = .integer(Int64(seconds))
        }
        if let size = try invocation.integer("roll-size", in: 1...1 << 20) {
            rolling["file_size_bytes"] = .integer(Int64(size) * megabyte)
        }
        if !rolling.isEmpty { config["rolling_policy"] = .object(rolling) }
        var format: JSONObject = ["type": .string(invocation["format"] ?? "parquet")]
        if let compression = invocation["compression"] { format["compression"] = .string(compression) }
        if let size = try invocation.integer("target-row-group-size", in: 1...1 << 20) {
            format["row_group_bytes"] = .integer(Int64(size) * megabyte)
        }
        return [
            "name": .string(invocation.arguments.positionals[0]), "type": .string(type),
            "format": .object(format),
            "config": .object(config),
        ]
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
        name: "delete", summary: "deletes a sink; its table stays",
        positionals: [PositionalSpec(name: "SINK")],
        flags: Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        _ = try await invocation.server().call("DELETE", "\(base)/\(FirnServer.segment(name))")
        invocation.tell("deleted sink \(name)")
    }
}
