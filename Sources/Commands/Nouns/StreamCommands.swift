import JSONText

/// `firn stream …`
enum StreamCommands {
    private static let stream = [PositionalSpec(name: "STREAM")]
    private static let base = "pipelines/v1/streams"

    static let spec = CommandSpec(
        name: "stream", summary: "durable streams of events",
        subcommands: [create, list, get, delete, flush])

    private static let create = CommandSpec(
        name: "create", summary: "creates a stream", positionals: [PositionalSpec(name: "NAME")],
        flags: [
            .value("schema-file", "FILE", "JSON with the fields; without it, events are one JSON column"),
            .value("http-enabled", "BOOL", "takes events over HTTP (true)"),
            .value("http-auth", "BOOL", "asks for a token (true)"),
            .values("cors-origin", "ORIGIN", "lets web pages of this origin send"),
            .value(
                "unknown-fields", "count|reject", "what becomes of fields the schema does not have (count)"),
            .value(
                "acknowledge", "durable|validated|landed", "what an answer to a producer says (durable)"),
        ] + Invocation.serverFlags
    ) { invocation in
        var http: JSONObject = [
            "enabled": .boolean(try invocation.toggle("http-enabled") ?? true),
            "authentication": .boolean(try invocation.toggle("http-auth") ?? true),
        ]
        let origins = invocation.values("cors-origin")
        if !origins.isEmpty { http["cors"] = ["origins": .array(origins.map { .string($0) })] }
        var body: JSONObject = ["name": .string(invocation.arguments.positionals[0]), "http": .object(http)]
        if let path = invocation["schema-file"] {
            body["schema"] = try await TextFile.json(path)
            body["format"] = ["type": "json", "unstructured": false]
        } else {
            body["format"] = ["type": "json", "unstructured": true]
        }
        if let unknown = invocation["unknown-fields"] { body["unknown_fields"] = .string(unknown) }
        if let mode = invocation["acknowledge"] { body["acknowledge"] = .string(mode) }
        let made = try await invocation.server().call("POST", base, .object(body))
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created stream \(TableText.cell(made["name"]))")
        invocation.tell("  id        \(TableText.cell(made["id"]))")
        invocation.tell("  endpoint  \(TableText.cell(made["endpoint"]))")
    }

    private static let list = CommandSpec(
        name: "list", summary: "lists streams", flags: Invocation.serverFlags
    ) { invocation in
        invocation.show(
            try await invocation.server().list(base), columns: ["name", "id", "endpoint"])
    }

    private static let get = CommandSpec(
        name: "get", summary: "shows one stream, by id or name", positionals: stream,
        flags: Invocation.serverFlags
    ) { invocation in
        let name = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "\(base)/\(name)"))
    }

    private static let delete = CommandSpec(
        name: "delete", summary: "deletes a stream", positionals: stream,
        flags: [.toggle("force", "also when a pipeline reads it")] + Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        let force = invocation.isOn("force") ? "?force=true" : ""
        _ = try await invocation.server().call("DELETE", "\(base)/\(FirnServer.segment(name))\(force)")
        invocation.tell("deleted stream \(name)")
    }

    private static let flush = CommandSpec(
        name: "flush", summary: "lands everything acknowledged so far, and waits for it", positionals: stream,
        flags: [.value("timeout", "SECONDS", "waits at most this long (600)")] + Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        let seconds = try invocation.integer("timeout", in: 1...86_400) ?? 600
        let result = try await invocation.server().call(
            "POST", "firn/streams/\(FirnServer.segment(name))/flush", deadlineSeconds: Double(seconds))
        if invocation.wantsJSON { invocation.show(result) } else { invocation.tell("flushed \(name)") }
    }
}
