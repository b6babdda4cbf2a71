import JSONText

/// `firn stream …`
enum StreamCommands {
    private static let stream = [PositionalSpec(name: "STREAM")]
    private static let base = "pipelines/v1/streams"

    static let spec = CommandSpec(
        name: "stream", summary: "durable streams of events",
        subcommands: [create, list, get, stats, update, delete, flush])

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
        ] + limitFlags + Invocation.serverFlags
    ) { invocation in
        var http = try http(invocation)
        for name in ["enabled", "authentication"] where http[name] == nil { http[name] = true }
        var body: JSONObject = ["name": .string(invocation.arguments.positionals[0]), "http": .object(http)]
        if let path = invocation["schema-file"] {
            body["schema"] = try await TextFile.json(path)
            body["format"] = ["type": "json", "unstructured": false]
        } else {
            body["format"] = ["type": "json", "unstructured": true]
        }
        if let unknown = invocation["unknown-fields"] { body["unknown_fields"] = .string(unknown) }
        if let mode = invocation["acknowledge"] { body["acknowledge"] = .string(mode) }
        let limits = try limits(invocation)
        if !limits.isEmpty { body["limits"] = .object(limits) }
        let made = try await invocation.server().call("POST", base, .object(body))
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created stream \(TableText.cell(made["name"]))")
        invocation.tell("  id        \(TableText.cell(made["id"]))")
        invocation.tell("  endpoint  \(TableText.cell(made["endpoint"]))")
    }

    private static let limitFlags: [FlagSpec] = [
        .value("request-bytes", "N", "takes no larger request; none: what the server takes"),
        .value("events-per-second", "N", "takes no more events a second; none: as many as come"),
        .value("bytes-per-second", "N", "takes no more bytes of events a second; none: as many as come"),
        .value("backlog-bytes", "N", "takes no more while so much has not landed; none: the server's limit"),
    ]

    private static func limits(_ invocation: Invocation) throws -> JSONObject {
        var limits = JSONObject()
        for flag in limitFlags {
            guard let text = invocation[flag.name] else { continue }
            let name = flag.name.replacing("-", with: "_")
            limits[name] =
                text == "none"
                ? .null : JSONValue(try invocation.integer(flag.name, in: 1...1 << 50) ?? 0)
        }
        return limits
    }

    /// What the flags say about HTTP, and nothing else.
    private static func http(_ invocation: Invocation) throws -> JSONObject {
        var http = JSONObject()
        if let isEnabled = try invocation.toggle("http-enabled") { http["enabled"] = .boolean(isEnabled) }
        if let needsToken = try invocation.toggle("http-auth") {
            http["authentication"] = .boolean(needsToken)
        }
        let origins = invocation.values("cors-origin")
        if !origins.isEmpty { http["cors"] = ["origins": .array(origins.map { .string($0) })] }
        return http
    }

    private static let update = CommandSpec(
        name: "update", summary: "changes a stream while pipelines read it", positionals: stream,
        flags: [
            .value("schema-file", "FILE", "JSON with every field as it is, and new ones that are optional"),
            .value("http-enabled", "BOOL", "takes events over HTTP"),
            .value("http-auth", "BOOL", "asks for a token"),
            .values("cors-origin", "ORIGIN", "lets web pages of this origin send, and of no other"),
            .value("acknowledge", "durable|validated|landed", "what an answer to a producer says"),
        ] + limitFlags + Invocation.serverFlags
    ) { invocation in
        var body = JSONObject()
        if let path = invocation["schema-file"] { body["schema"] = try await TextFile.json(path) }
        let http = try http(invocation)
        if !http.isEmpty { body["http"] = .object(http) }
        if let mode = invocation["acknowledge"] { body["acknowledge"] = .string(mode) }
        let limits = try limits(invocation)
        if !limits.isEmpty { body["limits"] = .object(limits) }
        guard !body.isEmpty else {
            throw CommandError(
                .usage, "an update changes something", hint: "`firn stream update --help` tells the flags")
        }
        let name = invocation.arguments.positionals[0]
        let changed = try await invocation.server().call(
            "PATCH", "\(base)/\(FirnServer.segment(name))", .object(body))
        if invocation.wantsJSON { return invocation.show(changed) }
        invocation.tell("updated stream \(name) to version \(TableText.cell(changed["version"]))")
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

    private static let stats = CommandSpec(
        name: "stats", summary: "shows what a stream has taken and how far each reader is",
        positionals: stream,
        flags: Invocation.serverFlags
    ) { invocation in
        let name = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "firn/streams/\(name)/stats"))
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
        if invocation.wantsJSON { return invocation.show(result) }
        // Servers before this one do not count them.
        let isUnread = result["readers"]?.integer == 0
        invocation.tell(
            isUnread
                ? "no pipeline reads \(name): its events are kept and land once one does" : "flushed \(name)")
    }
}
