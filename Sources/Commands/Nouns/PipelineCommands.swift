import JSONText

/// `firn pipeline …`
enum PipelineCommands {
    private static let pipeline = [PositionalSpec(name: "PIPELINE")]
    private static let base = "pipelines/v1/pipelines"

    static let spec = CommandSpec(
        name: "pipeline", summary: "SQL from streams into sinks",
        subcommands: [create, list, get, delete, stats, update, pause, resume, reset, replayRejects, dryRun])

    private static let create = CommandSpec(
        name: "create", summary: "creates a pipeline and starts it",
        positionals: [PositionalSpec(name: "NAME")],
        flags: [
            .value("sql", "TEXT", "INSERT INTO sink SELECT … FROM stream"),
            .value("sql-file", "FILE", "reads the SQL from a file"),
            .value("start", "PLACE", "where it begins: \(places); oldest by default"),
            .toggle("transaction", "commits all statements together: their sinks show the same events"),
        ] + Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        var body: JSONObject = ["name": .string(name), "sql": .string(try await sql(invocation))]
        if invocation.isOn("transaction") { body["transaction"] = true }
        if let start = invocation["start"] { body["start"] = place(start) }
        let made = try await invocation.server().call("POST", base, .object(body))
        if invocation.wantsJSON { return invocation.show(made) }
        invocation.tell("created pipeline \(TableText.cell(made["name"]))")
        invocation.tell("  id      \(TableText.cell(made["id"]))")
        invocation.tell("  status  \(TableText.cell(made["status"]))")
    }

    private static let list = CommandSpec(
        name: "list", summary: "lists pipelines", flags: Invocation.serverFlags
    ) { invocation in
        invocation.show(
            try await invocation.server().list(base), columns: ["name", "id", "status"])
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

    private static let update = CommandSpec(
        name: "update",
        summary: "gives a pipeline other SQL, or commits its statements together; it goes on where it stands",
        positionals: pipeline,
        flags: [
            .value("sql", "TEXT", "INSERT INTO sink SELECT … FROM stream"),
            .value("sql-file", "FILE", "reads the SQL from a file"),
            .toggle("transaction", "commits all statements together from now on"),
            .toggle("no-transaction", "commits each statement by itself from now on"),
            .toggle("discard-pending", "also when events wait for a statement that is no more"),
        ] + Invocation.serverFlags
    ) { invocation in
        var body = JSONObject()
        switch (invocation.isOn("transaction"), invocation.isOn("no-transaction")) {
        case (true, true): throw CommandError(.usage, "either --transaction or --no-transaction is given")
        case (true, false): body["transaction"] = true
        case (false, true): body["transaction"] = false
        case (false, false): break
        }
        let hasSQL = invocation["sql"] != nil || invocation["sql-file"] != nil
        if !hasSQL, body.isEmpty {
            throw CommandError(
                .usage, "one of --sql, --sql-file, --transaction and --no-transaction is needed")
        }
        if hasSQL { body["sql"] = .string(try await sql(invocation)) }
        if invocation.isOn("discard-pending") { body["discard_pending"] = true }
        try await change(invocation, "PATCH", "", .object(body), done: "updated")
    }

    private static let pause = CommandSpec(
        name: "pause", summary: "lands what was read and stops; the stream keeps the rest",
        positionals: pipeline, flags: Invocation.serverFlags
    ) { try await change($0, "POST", "/pause", nil, done: "paused") }

    private static let resume = CommandSpec(
        name: "resume", summary: "runs a paused or failed pipeline from where it stands",
        positionals: pipeline, flags: Invocation.serverFlags
    ) { invocation in
        try await change(invocation, "POST", "/resume", nil, done: "resumed")
    }

    private static let reset = CommandSpec(
        name: "reset", summary: "sends a pipeline to another place of its stream", positionals: pipeline,
        flags: [
            .value("to", "PLACE", places)
        ] + Invocation.serverFlags
    ) { invocation in
        guard let given = invocation["to"] else {
            throw CommandError(.usage, "--to is needed", hint: places)
        }
        try await change(invocation, "POST", "/reset", place(given), done: "reset")
    }

    private static let places = "oldest, latest, a record's number, or a time as 2026-01-31T00:00:00Z"

    /// As requests name it.
    private static func place(_ text: String) -> JSONValue {
        if ["oldest", "latest"].contains(text) { return ["to": .string(text)] }
        if let record = Int64(text) { return ["record": .integer(record)] }
        return ["time": .string(text)]
    }

    private static let replayRejects = CommandSpec(
        name: "replay-rejects",
        summary: "gives a pipeline's rejects to its present SQL once more; what passes lands, once",
        positionals: pipeline, flags: Invocation.serverFlags
    ) { invocation in
        let name = invocation.arguments.positionals[0]
        // As long as it takes: what has landed stays landed when the wait ends early.
        let answer = try await invocation.server().call(
            "POST", "firn/pipelines/\(FirnServer.segment(name))/replay-rejects", deadlineSeconds: 86_400)
        if invocation.wantsJSON { return invocation.show(answer) }
        func count(_ member: String) -> String { TableText.cell(answer[member]) }
        invocation.tell(
            "replayed \(count("events")) rejects of pipeline \(name): \(count("passed")) passed, "
                + "\(count("filtered")) filtered, \(count("rejected")) still rejected")
        let reasons = (answer["statements"]?.array ?? []).flatMap { statement in
            (statement["reasons"]?.array ?? []).map { reason in
                reason.object.map { members in
                    var row = members
                    row["sink"] = statement["sink"]
                    return JSONValue.object(row)
                } ?? reason
            }
        }
        if !reasons.isEmpty {
            invocation.show(reasons, columns: ["sink", "code", "path", "events", "message"])
        }
        for statement in answer["skipped"]?.array ?? [] {
            invocation.tell(
                "left alone: sink \(TableText.cell(statement["sink"])): \(TableText.cell(statement["message"]))"
            )
        }
    }

    private static let dryRun = CommandSpec(
        name: "dry-run",
        summary: "shows what SQL makes of the last events of its streams; nothing is written",
        positionals: [PositionalSpec(name: "PIPELINE", isOptional: true)],
        flags: [
            .value("sql", "TEXT", "INSERT INTO sink SELECT … FROM stream, instead of a pipeline's"),
            .value("sql-file", "FILE", "reads the SQL from a file"),
            .value("events", "N", "how many of the last events (1000)"),
            .value("rows", "N", "how many rows, and rejects, are shown (20)"),
        ] + Invocation.serverFlags
    ) { invocation in
        var body = JSONObject()
        if let name = invocation.arguments.positionals.first {
            guard invocation["sql"] == nil, invocation["sql-file"] == nil else {
                throw CommandError(.usage, "either a pipeline or SQL is run, not both")
            }
            body["pipeline"] = .string(name)
        } else {
            body["sql"] = .string(try await sql(invocation))
        }
        for flag in ["events", "rows"] {
            guard let text = invocation[flag] else { continue }
            guard let number = Int64(text) else { throw CommandError(.usage, "--\(flag) is a number") }
            body[flag] = .integer(number)
        }
        let answer = try await invocation.server().call(
            "POST", "firn/pipelines/dry-run", .object(body), deadlineSeconds: 3600)
        if invocation.wantsJSON { return invocation.show(answer) }
        for statement in answer["statements"]?.array ?? [] { show(dryRun: statement, invocation) }
    }

    private static func show(dryRun statement: JSONValue, _ invocation: Invocation) {
        func cell(_ member: String) -> String { TableText.cell(statement[member]) }
        invocation.tell(
            "\(cell("events")) events of \(cell("stream")), from \(cell("from")): \(cell("passed")) passed as "
                + "\(cell("sink_rows")) rows of \(cell("sink")), \(cell("filtered")) filtered, "
                + "\(cell("rejected")) rejected")
        let names = (statement["columns"]?.array ?? []).compactMap { $0["name"]?.string }
        let rows = statement["rows"]?.array ?? []
        if !rows.isEmpty { invocation.show(rows, columns: names) }
        let reasons = statement["reasons"]?.array ?? []
        if !reasons.isEmpty { invocation.show(reasons, columns: ["code", "path", "events", "message"]) }
    }

    /// Shows the answer, or tells what was `done`; a pipeline that failed again ends the command with 1.
    private static func change(
        _ invocation: Invocation, _ method: String, _ path: String, _ body: JSONValue?, done: String
    ) async throws {
        let name = invocation.arguments.positionals[0]
        let changed = try await invocation.server().call(
            method, "firn/pipelines/\(FirnServer.segment(name))\(path)", body)
        if invocation.wantsJSON { invocation.show(changed) }
        // A paused pipeline may have a failure, and waits for its resume.
        let reason = changed["status"]?.string == "paused" ? nil : changed["failure_reason"]?.string
        if changed["status"]?.string == "failed" {
            throw CommandError(
                .failedAgain, "the pipeline has failed again: \(reason ?? "nobody knows why")",
                ["pipeline": name])
        }
        invocation.tell("\(done) pipeline \(name)" + (reason.map { ", which waits: \($0)" } ?? ""))
    }

    private static func sql(_ invocation: Invocation) async throws -> String {
        switch (invocation["sql"], invocation["sql-file"]) {
        case (let text?, nil): text
        case (nil, let path?): try await TextFile.text(path)
        default: throw CommandError(.usage, "either --sql or --sql-file is needed")
        }
    }
}
