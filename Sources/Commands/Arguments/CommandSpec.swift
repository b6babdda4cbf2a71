/// One command of the command line as a value: what it takes, what it says of itself, what it does.
struct CommandSpec: Sendable {
    var name: String
    /// One line, in lower case, without a full stop.
    var summary: String
    var positionals: [PositionalSpec] = []
    var flags: [FlagSpec] = []
    var subcommands: [CommandSpec] = []
    /// Shown below the flags in the help.
    var notes = ""
    /// Nil for a command that only groups others.
    var run: (@Sendable (Invocation) async throws -> Void)?
}

/// An argument that is found by its place.
struct PositionalSpec: Sendable {
    var name: String
    var isOptional = false
    /// Only the last may take several.
    var isRepeated = false
}

/// A flag: `--name`, `--name VALUE` or `--name=VALUE`.
struct FlagSpec: Sendable {
    enum Kind: Sendable, Equatable {
        case toggle
        case value(placeholder: String)
        /// May be given several times.
        case values(placeholder: String)
    }

    /// Without the hyphens.
    var name: String
    var kind: Kind
    var summary: String
    /// The variable that stands in when the flag is not given.
    var variable: String?

    static func toggle(_ name: String, _ summary: String) -> FlagSpec {
        FlagSpec(name: name, kind: .toggle, summary: summary)
    }

    static func value(
        _ name: String, _ placeholder: String, _ summary: String, variable: String? = nil
    ) -> FlagSpec {
        FlagSpec(name: name, kind: .value(placeholder: placeholder), summary: summary, variable: variable)
    }

    static func values(_ name: String, _ placeholder: String, _ summary: String) -> FlagSpec {
        FlagSpec(name: name, kind: .values(placeholder: placeholder), summary: summary)
    }
}
