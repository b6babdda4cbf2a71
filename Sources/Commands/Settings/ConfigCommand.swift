import JSONText
import Node

/// `firn config show`
enum ConfigCommand {
    static let spec = CommandSpec(
        name: "config", summary: "settings of the server",
        subcommands: [
            CommandSpec(
                name: "show", summary: "prints the effective settings and where each comes from",
                flags: [SettingsFile.flag] + SettingSpec.all.map(\.flag) + [.toggle("json", "prints JSON")],
                notes:
                    "Flags win over the environment, the environment over the settings file, the file over defaults."
            ) { invocation in
                _ = try SettingSpec.settings(invocation)
                let list = SettingSpec.all.map { spec -> JSONValue in
                    let (text, origin) = spec.effective(invocation)
                    let shown =
                        spec.isSecret && !text.isEmpty
                        ? "(hidden)" : origin == "default" ? text : spec.shown(text)
                    return [
                        "setting": .string(spec.flag.name), "value": .string(shown),
                        "origin": .string(origin),
                    ]
                }
                invocation.show(list, columns: ["setting", "value", "origin"])
            }
        ])
}

/// `firn serve`
enum ServeCommand {
    static let spec = CommandSpec(
        name: "serve", summary: "runs the server", flags: [SettingsFile.flag] + SettingSpec.all.map(\.flag),
        notes: "Prints one line of JSON once ready; logs go to standard error. SIGTERM drains and ends it."
    ) { invocation in
        let settings = try SettingSpec.settings(invocation)
        let console = invocation.console
        try await NodeServer(settings: settings).run { line in console.line(line) }
    }
}
