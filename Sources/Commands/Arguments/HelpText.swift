/// Prints what a command takes.
enum HelpText {
    static func usage(_ command: CommandSpec, path: [String]) -> String {
        var parts = path
        if !command.subcommands.isEmpty { parts.append("COMMAND") }
        for positional in command.positionals {
            let name = positional.name + (positional.isRepeated ? "…" : "")
            parts.append(positional.isOptional ? "[\(name)]" : name)
        }
        if !command.flags.isEmpty { parts.append("[FLAGS]") }
        return parts.joined(separator: " ")
    }

    static func text(_ command: CommandSpec, path: [String]) -> String {
        var text = "\(command.summary.prefix(1).uppercased())\(command.summary.dropFirst())\n\n"
        text += "Usage: \(usage(command, path: path))\n"
        if !command.subcommands.isEmpty {
            text += "\nCommands:\n" + columns(command.subcommands.map { ($0.name, $0.summary) })
        }
        let flags = command.flags.map { (left($0), $0.summary + ($0.variable.map { " [\($0)]" } ?? "")) }
        text += "\nFlags:\n" + columns(flags + [("-h, --help", "shows this")])
        if !command.notes.isEmpty { text += "\n\(command.notes)\n" }
        return text
    }

    private static func left(_ flag: FlagSpec) -> String {
        switch flag.kind {
        case .toggle: "--\(flag.name)"
        case .value(let placeholder): "--\(flag.name) \(placeholder)"
        case .values(let placeholder): "--\(flag.name) \(placeholder) …"
        }
    }

    private static func columns(_ rows: [(String, String)]) -> String {
        let width = min(34, rows.map(\.0.count).max() ?? 0)
        return rows.map { left, right in
            "  " + left + String(repeating: " ", count: max(0, width - left.count)) + "  " + right + "\n"
        }.joined()
    }
}
