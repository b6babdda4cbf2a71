/// Finds the command a line means and sorts its arguments.
enum ArgumentParser {
    enum Parsed {
        /// `path` are the names from the root to the command.
        case run(CommandSpec, Arguments)
        case help(CommandSpec, path: [String])
    }

    /// - Errors: `CLI-101`, with what would be right.
    static func parse(_ words: [String], root: CommandSpec) throws(CommandError) -> Parsed {
        var command = root
        var path = [root.name]
        var rest = words[...]
        while !command.subcommands.isEmpty {
            guard let word = rest.first else { return .help(command, path: path) }
            if isHelp(word) { return .help(command, path: path) }
            guard !word.hasPrefix("-") else { throw unknownFlag(word, command, path) }
            guard let found = command.subcommands.first(where: { $0.name == word }) else {
                let names = command.subcommands.map(\.name)
                throw CommandError(
                    .usage, "no such command", ["command": (path + [word]).joined(separator: " ")],
                    hint: Suggestion.nearest(word, names).map {
                        "did you mean `\((path + [$0]).joined(separator: " "))`?"
                    }
                        ?? "`\(path.joined(separator: " ")) --help` lists them")
            }
            command = found
            path.append(word)
            rest = rest.dropFirst()
        }
        return try arguments(rest, of: command, path: path)
    }

    private static func isHelp(_ word: String) -> Bool { word == "--help" || word == "-h" }

    private static func arguments(
        _ words: ArraySlice<String>, of command: CommandSpec, path: [String]
    ) throws(CommandError) -> Parsed {
        var found = Arguments(path: path)
        var rest = words
        var takesFlags = true
        while let word = rest.popFirst() {
            guard takesFlags, word.hasPrefix("-"), word != "-" else {
                found.positionals.append(word)
                continue
            }
            if word == "--" {
                takesFlags = false
            } else if isHelp(word) {
                return .help(command, path: path)
            } else {
                try takeFlag(word, &rest, &found, command, path)
            }
        }
        try checkPositionals(found, command, path)
        return .run(command, found)
    }

    private static func takeFlag(
        _ word: String, _ rest: inout ArraySlice<String>, _ found: inout Arguments, _ command: CommandSpec,
        _ path: [String]
    ) throws(CommandError) {
        let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard word.hasPrefix("--"), let flag = command.flags.first(where: { $0.name == parts[0] }) else {
            throw unknownFlag(word, command, path)
        }
        switch flag.kind {
        case .toggle:
            let value = parts.count == 2 ? String(parts[1]) : "true"
            guard value == "true" || value == "false" else {
                throw CommandError(
                    .usage, "a switch is true or false", ["flag": "--\(flag.name)", "value": value])
            }
            found.flags[flag.name] = [value]
        case .value(let placeholder), .values(let placeholder):
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst() else {
                throw CommandError(
                    .usage, "a flag lacks its value", ["flag": "--\(flag.name) \(placeholder)"])
            }
            if case .value = flag.kind, found.flags[flag.name] != nil {
                throw CommandError(.usage, "a flag is given twice", ["flag": "--\(flag.name)"])
            }
            found.flags[flag.name, default: []].append(value)
        }
    }

    private static func unknownFlag(_ word: String, _ command: CommandSpec, _ path: [String]) -> CommandError
    {
        let name = word.drop { $0 == "-" }.split(separator: "=").first.map(String.init) ?? ""
        return CommandError(
            .usage, "no such flag", ["flag": word, "command": path.joined(separator: " ")],
            hint: Suggestion.nearest(name, command.flags.map(\.name)).map { "did you mean `--\($0)`?" }
                ?? "`\(path.joined(separator: " ")) --help` lists them")
    }

    private static func checkPositionals(
        _ found: Arguments, _ command: CommandSpec, _ path: [String]
    ) throws(CommandError) {
        let needed = command.positionals.count { !$0.isOptional }
        let isOpen = command.positionals.last?.isRepeated ?? false
        if found.positionals.count < needed {
            let missing = command.positionals[found.positionals.count].name
            throw CommandError(
                .usage, "an argument is missing",
                ["argument": missing, "command": path.joined(separator: " ")],
                hint: "usage: \(HelpText.usage(command, path: path))")
        }
        if !isOpen, found.positionals.count > command.positionals.count {
            throw CommandError(
                .usage, "an argument too many", ["argument": found.positionals[command.positionals.count]],
                hint: "usage: \(HelpText.usage(command, path: path))")
        }
    }
}

/// What stood behind a command.
struct Arguments: Sendable {
    var path: [String]
    var positionals: [String] = []
    /// By name without hyphens; only those given.
    var flags: [String: [String]] = [:]
}

/// Finds the word somebody may have meant.
enum Suggestion {
    /// The candidate with the fewest edits, if they are few for its length.
    static func nearest(_ word: String, _ candidates: [String]) -> String? {
        let scored = candidates.map { ($0, distance(Array(word.utf8), Array($0.utf8))) }
        guard let best = scored.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return nil }
        return best.1 <= max(1, min(3, best.0.utf8.count / 2)) ? best.0 : nil
    }

    /// Levenshtein's distance, one row at a time.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (byte == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
