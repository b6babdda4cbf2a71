import Effects
import Faults
import HTTPClient
import Node

/// The command line: finds the command, runs it, turns faults into words and an exit code.
package enum FirnCommand {
    /// Exit codes of PRODUCT: 0 done, 1 refused or failed, 2 wrong usage, 3 server not reached.
    package static func run(
        _ words: [String], environment: [String: String], console: Console
    ) async -> Int32 {
        let words = words == ["--version"] || words == ["-V"] ? ["version"] : words
        do {
            switch try ArgumentParser.parse(words, root: root) {
            case .help(let command, let path):
                console.write(HelpText.text(command, path: path))
                return 0
            case .run(let command, let arguments):
                guard let run = command.run else { preconditionFailure("a command without subcommands runs") }
                try await run(
                    Invocation(
                        arguments: arguments, command: command, environment: environment,
                        file: try await SettingsFile.find(for: command, arguments, environment),
                        console: console))
                return 0
            }
        } catch {
            console.remark("firn: \((error as? any Fault).map { message($0) } ?? "\(error)")")
            return exitCode(error)
        }
    }

    private static func message(_ fault: some Fault) -> String {
        // A refusal already tells the server's code.
        (fault.context.contains { $0.name == "code" } ? fault.message : fault.messageWithCode)
            + (fault.cause.map { "\n  because: \(($0 as? any Fault).map { message($0) } ?? "\($0)")" } ?? "")
    }

    static func exitCode(_ error: any Error) -> Int32 {
        switch error {
        case let error as CommandError:
            switch error.code {
            case .usage: 2
            case .notReached: 3
            default: 1
            }
        case let error as NodeError: [.invalidSetting, .openAddress].contains(error.code) ? 2 : 1
        case let error as HTTPClientError: [.timedOut, .interrupted].contains(error.code) ? 3 : 1
        default: 1
        }
    }

    static let root = CommandSpec(
        name: "firn",
        summary: "events in over HTTP, shaped by SQL, landed in Iceberg tables, questions answered",
        subcommands: [
            ServeCommand.spec, IngestCommand.spec, SQLCommand.spec, BucketCommands.spec, CatalogCommands.spec,
            TableCommands.spec, StreamCommands.spec, SinkCommands.spec, PipelineCommands.spec,
            TokenCommands.spec,
            ClusterCommand.spec, ConfigCommand.spec, VersionCommand.spec,
        ],
        notes: "`firn COMMAND --help` tells more of each, `firn --version` which build this is.")
}

/// `firn version`
enum VersionCommand {
    static let spec = CommandSpec(name: "version", summary: "prints the version") { invocation in
        invocation.console.line("firn \(FirnVersion.current)")
    }
}
