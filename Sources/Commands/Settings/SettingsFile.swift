import Foundation

/// What a settings file says: each of a command's flags may stand in it, with underscores for hyphens.
///
///     listen = "127.0.0.1:8787"        server: the file of --config or FIRN_CONFIG
///     memory_bytes = 1_073_741_824
///
///     url = "http://127.0.0.1:8787"    client: ~/.config/firn/config.toml
///     token = "…"
struct SettingsFile: Sendable {
    struct Value: Sendable {
        var text: String
        /// `file PATH:LINE`
        var origin: String
    }

    static let none = SettingsFile(values: [:])
    /// By flag, without hyphens in front.
    private let values: [String: Value]

    private init(values: [String: Value]) { self.values = values }

    subscript(flag: String) -> Value? { values[flag] }

    /// The flag that names the server's settings file.
    static let flag = FlagSpec.value("config", "FILE", "TOML file with settings", variable: "FIRN_CONFIG")
    private static let clientFlags: Set<String> = ["url", "token", "account"]

    /// The file that goes with a command. - Errors: `CLI-102`, `CLI-101` for what is no TOML or no setting.
    static func find(
        for command: CommandSpec, _ arguments: Arguments, _ environment: [String: String]
    ) async throws -> SettingsFile {
        let names = Set(command.flags.map(\.name))
        if names.contains(flag.name) {
            let variable = flag.variable.flatMap { environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
            guard let path = arguments.flags[flag.name]?.last ?? variable else { return .none }
            return try await read(path, known: Set(SettingSpec.all.map(\.flag.name)))
        }
        guard names.isSuperset(of: clientFlags), let path = clientPath(environment) else { return .none }
        return try await read(path, known: clientFlags)
    }

    /// Nil when there is none.
    private static func clientPath(_ environment: [String: String]) -> String? {
        let base = environment["XDG_CONFIG_HOME"] ?? environment["HOME"].map { $0 + "/.config" }
        guard let path = base.map({ $0 + "/firn/config.toml" }) else { return nil }
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private static func read(_ path: String, known: Set<String>) async throws -> SettingsFile {
        try SettingsFile(parsing: try await TextFile.bytes(path), path: path, known: known)
    }

    init(parsing bytes: [UInt8], path: String, known: Set<String>) throws(CommandError) {
        var values: [String: Value] = [:]
        for entry in try TOMLReader.entries(bytes, path: path) {
            let name = entry.key.replacing("_", with: "-")
            guard known.contains(name) else {
                let nearest = Suggestion.nearest(name, known.sorted())?.replacing("-", with: "_")
                throw CommandError(
                    .usage, "the settings file has a member nobody knows",
                    ["member": entry.key, "path": path, "line": entry.line],
                    hint: nearest.map { "did you mean `\($0)`?" })
            }
            guard let text = entry.text else {
                throw CommandError(
                    .usage, "a setting is a string, a whole number, or true or false",
                    ["member": entry.key, "path": path, "line": entry.line])
            }
            values[name] = Value(text: text, origin: "file \(path):\(entry.line)")
        }
        self.values = values
    }
}
