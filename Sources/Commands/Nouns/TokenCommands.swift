import JSONText

/// `firn token …`
enum TokenCommands {
    static let spec = CommandSpec(
        name: "token", summary: "tokens and what they may do", subcommands: [create, list, get, delete])

    private static let create = CommandSpec(
        name: "create", summary: "creates a token; its value is shown once",
        flags: [
            .values("scope", "SCOPE", "what it may do, as catalog:read:bucket=lake,table=web.clicks"),
            .value("name", "NAME", "what it is for (cli)"),
            .value("expires", "TIME", "ends after this long: 90s, 15m, 12h, 30d"),
        ] + Invocation.serverFlags
    ) { invocation in
        let scopes = invocation.values("scope")
        guard !scopes.isEmpty else {
            throw CommandError(
                .usage, "a token needs a scope", hint: "for example --scope storage:read:bucket=lake")
        }
        var body: JSONObject = [
            "name": .string(invocation["name"] ?? "cli"), "scopes": .array(scopes.map { .string($0) }),
        ]
        if let text = invocation["expires"] { body["expires_in_seconds"] = .integer(try seconds(text)) }
        invocation.show(try await invocation.server().call("POST", "firn/tokens", .object(body)))
    }

    /// `30d` is a month of seconds. - Errors: `CLI-101`.
    static func seconds(_ text: String) throws(CommandError) -> Int64 {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count > 0
        else {
            throw CommandError(
                .usage, "not a span of time", ["value": text], hint: "for example 90s, 15m, 12h or 30d")
        }
        let (seconds, isTooLong) = count.multipliedReportingOverflow(by: unit)
        guard !isTooLong else { throw CommandError(.usage, "the span is too long", ["value": text]) }
        return seconds
    }

    private static let list = CommandSpec(
        name: "list", summary: "lists tokens, without their values", flags: Invocation.serverFlags
    ) { invocation in
        invocation.show(
            try await invocation.server().list("firn/tokens"),
            columns: ["id", "name", "scopes", "expires_at"])
    }

    private static let get = CommandSpec(
        name: "get", summary: "shows one token", positionals: [PositionalSpec(name: "ID")],
        flags: Invocation.serverFlags
    ) { invocation in
        let id = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "firn/tokens/\(id)"))
    }

    private static let delete = CommandSpec(
        name: "delete", summary: "deletes a token", positionals: [PositionalSpec(name: "ID")],
        flags: Invocation.serverFlags
    ) { invocation in
        let id = invocation.arguments.positionals[0]
        _ = try await invocation.server().call("DELETE", "firn/tokens/\(FirnServer.segment(id))")
        invocation.tell("deleted token \(id)")
    }
}
