import JSONText

/// `firn pipeline …`
enum PipelineCommands {
    private static let pipeline = [PositionalSpec(name: "PIPELINE")]
    private static let base = "pipelines/v1/pipelines"

    static let spec = CommandSpec(
        name: "pipeline", summary: "SQL from streams into sinks",
        subcommands: [create, list, get, delete, stats])

    private static let create = CommandSpec(
        name: "create", summary: "creates a pipeline and starts it",
        positionals: [PositionalSpec(name: "NAME")],
        flags: [
            .value("sql", "TEXT", "INSERT INTO sink SELECT … FROM stream"),
            .value("sql-file", "FILE", "reads the SQL from a file"),
        ] + Invocation.serverFlags
    ) { invocation in
        let sql: String
        switch (invocation["sql"], invocation["sql-file"]) {
        case (let text?, nil): sql = text
        case (nil, let path?): sql = try await TextFile.text(path)
        default: throw CommandError(.usage, "either --sql or --sql-file is needed")
        }
        let name = invocation.arguments.positionals[0]
        let made = try await invocation.server().call(
            "POST", base, ["name": .string(name), "sql": .string(sql)])
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created pipeline \(TableText.cell(made["name"]))")
        invocation.tell("  id      \(TableText.cell(made["id"]))")
        invocation.tell("  status  \(TableText.cell(made["status"]))")
    }

    private static let list = CommandSpec(
        name: "list", summary: "lists pipelines", flags: Invocation.serverFlags
    ) { invocation in
        let found = try await invocation.server().call("GET", base + "?per_page=100")
        invocation.show(found.array ?? [], columns: ["name", "id", "status"])
    }

    private static let get = CommandSpec(
        name: "get", summary: "shows one pipeline, by id or name", positionals: pipeline,
        flags: Invocation.serverFlags
    ) { invocation in
        let name = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "\(base)/\(name)"))
    }

    private static let delete = CommandSpec(
        name: "delete", summary: "stops and deletes a pipeline", positionals: pipeline,
        flags: Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        _ = try await invocation.server().call("DELETE", "\(base)/\(FirnServer.segment(name))")
        invocation.tell("deleted pipeline \(name)")
    }

    private static let stats = CommandSpec(
        name: "stats", summary: "counts events: accepted = passed + filtered + rejected + pending",
        positionals: pipeline, flags: Invocation.serverFlags
    ) { invocation in
        let name = FirnServer.segment(invocation.arguments.positionals[0])
        invocation.show(try await invocation.server().call("GET", "firn/pipelines/\(name)/stats"))
    }
}
