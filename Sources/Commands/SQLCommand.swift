import Effects
import HTTPClient
import JSONText

/// `firn sql query WAREHOUSE "SELECT …"`
enum SQLCommand {
    static let spec = CommandSpec(
        name: "sql", summary: "questions to tables",
        subcommands: [
            CommandSpec(
                name: "query", summary: "runs a statement",
                positionals: [PositionalSpec(name: "WAREHOUSE"), PositionalSpec(name: "SQL")],
                flags: [
                    .value("format", "FORMAT", "table, json, ndjson, csv, arrow or parquet"),
                    .values("param", "VALUE", "the next of $1, $2, … or ?, or NAME=VALUE for :NAME"),
                    .value("namespace", "NAMESPACE", "where names without one are looked up"),
                    .values("set", "NAME=VALUE", "a setting, see SHOW SETTINGS"),
                    .value("timeout", "SECONDS", "gives the statement up after this long (600)"),
                ] + Invocation.serverFlags,
                notes: """
                    WAREHOUSE is ACCOUNT_BUCKET, or only the bucket. --json prints the rows as an array of objects; other \
                    formats come as the server sends them. A parameter is JSON (12, true, null, "text") or else a text.
                    """,
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
        let body = try SQLRequestBody(sql, seconds: seconds, invocation).json
        if let media = try media(invocation) {
            return try await copy(media, from: server, path, body, seconds, invocation)
        }
        let clock = LiveClock()
        let start = clock.monotonicNanoseconds
        let answer = try await server.envelope("POST", path, body, deadlineSeconds: Double(seconds + 5))
        let result = answer["result"] ?? .null
        let rows = result["rows"]?.array ?? []
        if invocation.wantsJSON || invocation["format"] == "json" {
            return invocation.console.line(
                String(decoding: JSONValue.array(rows).serialized(indent: 2), as: UTF8.self))
        }
        let table = table(result["schema"]?.array ?? [], rows)
        if table.columns.isEmpty { return invocation.tell("done") }
        invocation.show(table)
        let milliseconds = (clock.monotonicNanoseconds - start) / 1_000_000
        invocation.console.remark(summary(result, rowCount: rows.count, milliseconds: milliseconds))
    }

    /// The media type of an answer that is passed on as it comes; nil for those shown here.
    private static func media(_ invocation: Invocation) throws(CommandError) -> String? {
        let media = [
            "ndjson": "application/x-ndjson", "csv": "text/csv",
            "arrow": "application/vnd.apache.arrow.stream",
            "parquet": "application/vnd.apache.parquet",
        ]
        guard let format = invocation["format"], format != "table", format != "json" else { return nil }
        guard let found = media[format] else {
            throw CommandError(
                .usage, "there is no such format", ["format": format],
                hint: "formats are table, json, ndjson, csv, arrow, parquet")
        }
        if format == "arrow" || format == "parquet", invocation.console.isTerminal {
            throw CommandError(
                .usage, "the format is no text", ["format": format],
                hint: "send it to a file: > answer.\(format)")
        }
        return found
    }

    /// Passes the answer's bytes on while they come.
    private static func copy(
        _ media: String, from server: FirnServer, _ path: String, _ body: JSONValue, _ seconds: Int,
        _ invocation: Invocation
    ) async throws {
        let answer = try await server.send(
            "POST", path, body: body.serialized(), contentType: "application/json",
            deadlineSeconds: Double(seconds + 5), more: [("accept", media)])
        guard answer.status == 200 else {
            let text = try await answer.collect()
            let envelope: JSONValue
            do throws(JSONError) { envelope = try JSONParser.parse(text) } catch {
                throw CommandError(
                    .foreignAnswer, "the answer is not one of a Firn server", ["status": answer.status],
                    hint: "check --url")
            }
            throw FirnServer.refusal(envelope, status: answer.status)
        }
        while let piece = try await answer.next() { invocation.console.writeBytes(piece) }
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
