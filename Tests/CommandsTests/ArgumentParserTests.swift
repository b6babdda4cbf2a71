import Effects
import Foundation
import JSONText
import TestKit
import Testing

@testable import Commands

@Suite("The command line")
struct ArgumentParserTests {
    func run(_ words: String, environment: [String: String] = [:]) async -> (
        code: Int32, out: String, error: String
    ) {
        let out = Recorder()
        let error = Recorder()
        let console = Console(
            isTerminal: false, isErrorTerminal: false, width: 80, write: { out.append($0) },
            writeError: { error.append($0) })
        let code = await FirnCommand.run(
            words.split(separator: " ").map(String.init), environment: environment, console: console)
        return (code, out.text, error.text)
    }

    @Test(
        "wrong usage ends with 2 and says what would be right",
        arguments: [
            ("serv", "did you mean `firn serve`?"), ("bucket lst", "did you mean `firn bucket list`?"),
            ("serve --dta x", "did you mean `--data`?"), ("sql query", "usage: firn sql query WAREHOUSE SQL"),
            ("bucket get a b --token t", "an argument too many"),
            ("bucket list --token", "a flag lacks its value"),
            ("bucket list --token a --token b", "given twice"), ("bucket list", "FIRN_TOKEN"),
            ("serve --data d --log-level loud", "levels are debug"),
            ("serve --data d --listen nowhere", "HOST:PORT"),
            ("serve --data d --worker-threads 0", "worker-threads"),
            ("token create --token t", "needs a scope"),
            ("token create --token t --scope a --expires soon", "30d"), ("xyzzy", "--help"),
            ("pipeline create p --token t", "--sql"),
            ("serve --listen 127.0.0.1:0", "--data DIR"),
            ("stream create s --token t --http-auth maybe", "true or false"),
            ("bucket list --token t --url nonsense", "http://"),
            ("stream update s --token t", "--help"),
            ("stream flush s --token t --timeout 0", "from 1 to 86400"),
            ("serve --data d --s3-listen nowhere", "flag --s3-listen"),
            ("serve --data d --admin-token x", "ID:VALUE"),
            ("serve --data d --tls-cert x", "--tls-key"),
        ])
    func usage(words: String, expected: String) async {
        let result = await run(words)
        #expect(result.code == 2 && result.out.isEmpty)
        #expect(result.error.contains(expected), "\(result.error)")
    }

    @Test("a file that is not there is told before what its name does not tell")
    func ingestedFiles() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/events"
        for arguments in [path, path + " --format json"] {
            let missing = await run("ingest s \(arguments) --token t")
            #expect(missing.code == 1 && missing.error.contains("there is no such file"), "\(missing.error)")
        }
        try Data("1".utf8).write(to: URL(filePath: path))
        let unnamed = await run("ingest s \(path) --token t")
        #expect(unnamed.code == 2 && unnamed.error.contains("--format"), "\(unnamed.error)")
    }

    @Test("every command explains itself")
    func help() async {
        func check(_ command: CommandSpec, _ path: [String]) async {
            let result = await run((path + ["--help"]).joined(separator: " "))
            #expect(
                result.code == 0 && result.out.contains("Usage: \((["firn"] + path).joined(separator: " "))"))
            for flag in command.flags { #expect(result.out.contains("--\(flag.name)")) }
            for sub in command.subcommands {
                #expect(result.out.contains("  \(sub.name) "))
                await check(sub, path + [sub.name])
            }
        }
        await check(FirnCommand.root, [])
    }

    @Test("flags win over the environment, and both are told apart")
    func settings() async {
        let environment = ["FIRN_ACCOUNT": "acme", "FIRN_LISTEN": "127.0.0.1:1", "FIRN_ADMIN_TOKEN": "a:b"]
        let result = await run("config show --data d --listen=127.0.0.1:2", environment: environment)
        #expect(result.code == 0)
        let lines = Set(result.out.split(separator: "\n").map(String.init))
        #expect(lines.contains("listen\t127.0.0.1:2\tflag --listen"))
        #expect(lines.contains("account\tacme\tenvironment FIRN_ACCOUNT"))
        #expect(lines.contains("log-level\tinfo\tdefault"))
        #expect(lines.contains("admin-token\t(hidden)\tenvironment FIRN_ADMIN_TOKEN"))
        #expect(!result.out.contains("a:b"))
    }

    @Test("the version is told in both ways")
    func version() async {
        for words in ["--version", "version"] {
            let result = await run(words)
            #expect(result.code == 0 && result.out == "firn \(FirnVersion.current)\n")
        }
    }

    @Test("a settings file stands below the environment and above the defaults, and says where")
    func settingsFile() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/firn.toml"
        try "listen = \"127.0.0.1:5\"\naccount = \"filed\"\nworker_threads = 3\nbehind_proxy = true\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        let environment = ["FIRN_CONFIG": path, "FIRN_ACCOUNT": "acme"]
        let result = await run("config show --data d", environment: environment)
        #expect(result.code == 0, "\(result.error)")
        let lines = Set(result.out.split(separator: "\n").map(String.init))
        #expect(lines.contains("listen\t127.0.0.1:5\tfile \(path):1"))
        #expect(lines.contains("account\tacme\tenvironment FIRN_ACCOUNT"))
        #expect(lines.contains("worker-threads\t3\tfile \(path):3"))
        #expect(lines.contains("behind-proxy\ttrue\tfile \(path):4"))
    }

    @Test(
        "what a settings file should not say is told with its line",
        arguments: [
            ("listn = \"x\"", "did you mean `listen`?"), ("\nlisten = [1]", "line: 2"),
            ("listen = ", "not TOML"), ("[server]\nlisten = \"x\"", "server.listen"),
            ("worker_threads = \"many\"", "worker-threads"), ("listen = 5", "file "),
        ])
    func settingsFileFaults(text: String, expected: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/firn.toml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let result = await run("config show --data d --config \(path)")
        #expect(result.code != 0 && result.error.contains(expected), "\(result.error)")
    }

    @Test("a client finds its address and token in the user's settings file")
    func clientFile() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/firn", withIntermediateDirectories: true)
        try "url = \"http://127.0.0.1:1\"\ntoken = \"x\"\n".write(
            toFile: directory.path + "/firn/config.toml", atomically: true, encoding: .utf8)
        let result = await run("bucket list", environment: ["XDG_CONFIG_HOME": directory.path])
        #expect(result.code == 3 && result.error.contains("http://127.0.0.1:1"), "\(result.error)")
    }

    @Test("an address where nobody listens ends with 3 and names it")
    func notReached() async {
        let result = await run("bucket list --url http://127.0.0.1:1 --token x")
        #expect(result.code == 3 && result.error.contains("http://127.0.0.1:1"))
    }

    @Test("two hyphens end the flags")
    func separator() throws {
        let parsed = try ArgumentParser.parse(
            ["bucket", "get", "--json", "--", "--name"], root: FirnCommand.root)
        guard case .run(_, let arguments) = parsed else {
            Issue.record("no command")
            return
        }
        #expect(arguments.positionals == ["--name"] && arguments.flags == ["json": ["true"]])
    }

    @Test("a warehouse splits at its first underscore")
    func warehouses() {
        #expect(SQLCommand.split(warehouse: "local_my-lake", account: "x") == ("local", "my-lake"))
        #expect(SQLCommand.split(warehouse: "lake", account: "x") == ("x", "lake"))
    }

    @Test("an answer's cost is summed up in a line")
    func summary() {
        let result: JSONValue = ["metrics": ["files_scanned": 1, "bytes_scanned": 4_100_000]]
        #expect(
            SQLCommand.summary(result, rowCount: 1234, milliseconds: 12)
                == "1,234 rows in 12 ms, 1 file, 4.1 MB read")
        #expect(SQLCommand.summary(.null, rowCount: 1, milliseconds: 0) == "1 row in 0 ms")
    }

    @Test("near words are suggested, far ones are not")
    func suggestions() {
        #expect(Suggestion.nearest("pipline", ["pipeline", "sink"]) == "pipeline")
        #expect(Suggestion.nearest("zzz", ["pipeline", "sink"]) == nil)
        #expect(Suggestion.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    }
}
