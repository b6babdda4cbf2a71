import Effects
import JSONText

/// `firn sql query WAREHOUSE "SELECT …"`
enum SQLCommand {
    static let spec = CommandSpec(
        name: "sql", summary: "questions to tables",
        subcommands: [
            CommandSpec(
                name: "query", summary: "runs a statement",
                positionals: [PositionalSpec(name: "WAREHOUSE"), PositionalSpec(name: "SQL")],
                flags: [.value("timeout", "SECONDS", "waits at most this long (600)")]
                    + Invocation.serverFlags,
                notes:
                    "WAREHOUSE is ACCOUNT_BUCKET, or only the bucket. --json prints the rows as an array of objects.",
                run: query)
        ])

    @Sendable
    private static func query(_ invocation: Invocation) async throws {
        let sql = invocation.arguments.positionals[1]
        guard sql.contains(where: { !$0.isWhitespace }) else {
            throw CommandError(.usage, "the statement is empty", hint: "for example \"SHOW NAMESPACES\"")
        }
        let server = try invocation.server()
        let (account, bucket) = split(warehouse: invocation.arguments.positionals[0], account: server.account)
        let path =
            "/api/v1/accounts/\(FirnServer.segment(account))/r2-sql/query/\(FirnServer.segment(bucket))"
        let seconds = try invocation.integer("timeout", in: 1...86_400) ?? 600
        let clock = LiveClock()
        let start = clock.monotonicNanoseconds
        let answer = try await server.envelope(
            "POST", path, ["query": .string(sql)],
            deadlineSeconds: Double(seconds))
        let result = answer["result"] ?? .null
        let rows = result["rows"]?.array ?? []
        if invocation.wantsJSON {
            return invocation.console.line(
                String(decoding: JSONValue.array(rows).serialized(indent: 2), as: UTF8.self))
        }
        let table = table(result["schema"]?.array ?? [], rows)
        if table.columns.isEmpty { return invocation.tell("done") }
        invocation.show(table)
        let milliseconds = (clock.monotonicNanoseconds - start) / 1_000_000
        invocation.console.remark(summary(result, rowCount: rows.count, milliseconds: milliseconds))
    }

    /// An account's id has no underscore, so the first one ends it.
    static func split(warehouse: String, account: String) -> (account: String, bucket: String) {
        guard let end = warehouse.firstIndex(of: "_") else { return (account, warehouse) }
        return (String(warehouse[..<end]), String(warehouse[warehouse.index(after: end)...]))
    }

    static func table(_ schema: [JSONValue], _ rows: [JSONValue]) -> TableText {
        let numeric: Set<String> = [
            "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
            "decimal128",
            "decimal",
        ]
        let names = schema.map { $0["name"]?.string ?? "" }
        let isNumeric = schema.map { column in
            numeric.contains(column["descriptor"]?["type"]?["name"]?.string ?? "")
        }
        return TableText(
            columns: names, isNumeric: isNumeric,
            rows: rows.map { row in names.map { TableText.cell(row[$0]) } })
    }

    /// `5 rows in 12 ms, 3 files, 4.1 MB read`
    static func summary(_ result: JSONValue, rowCount: Int, milliseconds: Int64) -> String {
        var parts = [
            "\(NumberText.counted(rowCount, "row")) in \(milliseconds) ms"
        ]
        let metrics = result["metrics"]
        if let files = metrics?["files_scanned"]?.integer {
            parts.append(NumberText.counted(Int(files), "file"))
        }
        if let bytes = metrics?["bytes_scanned"]?.integer { parts.append("\(NumberText.bytes(bytes)) read") }
        return parts.joined(separator: ", ")
    }
}
