import Faults
import HTTPClient
import JSONText

/// One run of a command: its arguments, its surroundings, and what most commands need.
struct Invocation: Sendable {
    let arguments: Arguments
    let command: CommandSpec
    let environment: [String: String]
    /// What the settings file says.
    let file: SettingsFile
    let console: Console

    subscript(flag: String) -> String? {
        if let value = arguments.flags[flag]?.last { return value }
        let variable = command.flags.first { $0.name == flag }?.variable
        return variable.flatMap { environment[$0] }.flatMap { $0.isEmpty ? nil : $0 } ?? file[flag]?.text
    }

    func values(_ flag: String) -> [String] { arguments.flags[flag] ?? [] }

    /// Nil when the flag was not given. - Errors: `CLI-101` for what is neither true nor false.
    func toggle(_ flag: String) throws(CommandError) -> Bool? {
        guard let text = self[flag] else { return nil }
        guard let value = ["true": true, "1": true, "false": false, "0": false][text.lowercased()] else {
            throw CommandError(.usage, "a flag is true or false", ["flag": "--\(flag)", "value": text])
        }
        return value
    }

    /// Of a switch, whose value the parser has checked.
    func isOn(_ flag: String) -> Bool { self[flag] == "true" }

    /// - Errors: `CLI-101`.
    func required(_ flag: String) throws(CommandError) -> String {
        guard let value = self[flag] else {
            throw CommandError(
                .usage, "a flag is missing", ["flag": "--\(flag)"],
                hint: "`\(arguments.path.joined(separator: " ")) --help` tells what it takes")
        }
        return value
    }

    /// - Errors: `CLI-101` for what is no whole number in `range`.
    func integer(_ flag: String, in range: ClosedRange<Int> = 0...Int.max) throws(CommandError) -> Int? {
        guard let text = self[flag] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw CommandError(
                .usage, "a flag takes a whole number", ["flag": "--\(flag)", "value": text],
                hint: range.upperBound == .max
                    ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    var wantsJSON: Bool { isOn("json") }

    /// - Errors: `CLI-101` without a token.
    func server() throws(CommandError) -> FirnServer {
        guard let token = self["token"] else {
            throw CommandError(
                .usage, "no token is given",
                hint:
                    "pass --token, set FIRN_TOKEN, or write it to ~/.config/firn/config.toml; the server's first start wrote one to DIR/admin-token"
            )
        }
        var url = self["url"] ?? "http://127.0.0.1:8787"
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw CommandError(
                .usage, "the server's address begins with http:// or https://", ["url": url],
                hint: "for example http://127.0.0.1:8787")
        }
        while url.hasSuffix("/") { url.removeLast() }
        return FirnServer(url: url, token: token, account: self["account"] ?? "local")
    }

    /// The flags of every command that talks to a server.
    static let serverFlags: [FlagSpec] = [
        .value("url", "URL", "address of the server (http://127.0.0.1:8787)", variable: "FIRN_URL"),
        .value("token", "VALUE", "token to use", variable: "FIRN_TOKEN"),
        .value("account", "ID", "account id (local)", variable: "FIRN_ACCOUNT"),
        .toggle("json", "prints JSON"),
    ]

    /// Prints a thing: JSON when asked for, else its members, one a line, and lists of things as tables below.
    func show(_ value: JSONValue) {
        if wantsJSON { return console.line(String(decoding: value.serialized(indent: 2), as: UTF8.self)) }
        guard let object = value.object else { return console.line(TableText.cell(value)) }
        let width = object.names.map(\.count).max() ?? 0
        for (name, value) in object.members where !value.isNull && Self.things(value) == nil {
            console.line(
                name + String(repeating: " ", count: width - name.count) + "  " + TableText.listed(value))
        }
        for (name, value) in object.members {
            guard let things = Self.things(value) else { continue }
            console.line("\n" + name)
            var columns: [String] = []
            for thing in things {
                for (column, cell) in thing.object?.members ?? []
                where !cell.isNull && !columns.contains(column) { columns.append(column) }
            }
            show(things, columns: columns)
        }
    }

    /// The elements of a list of objects; nil for anything else.
    private static func things(_ value: JSONValue) -> [JSONValue]? {
        guard let list = value.array, !list.isEmpty, list.allSatisfy({ $0.object != nil }) else { return nil }
        return list
    }

    /// Prints things: JSON when asked for, else a table of these members.
    func show(_ list: [JSONValue], columns: [String]) {
        if wantsJSON {
            return console.line(String(decoding: JSONValue.array(list).serialized(indent: 2), as: UTF8.self))
        }
        let rows = list.map { item in columns.map { TableText.listed(item[$0]) } }
        let isNumeric = columns.map { column in
            list.allSatisfy { item in item[column].map { $0.isNull || $0.double != nil } ?? true }
        }
        show(TableText(columns: columns, isNumeric: isNumeric, rows: rows))
    }

    func show(_ table: TableText) { console.write(console.isTerminal ? table.drawn() : table.plain()) }

    /// A remark that only a person needs.
    func tell(_ text: String) { if !wantsJSON { console.line(text) } }
}
