import Foundation
import Synchronization

/// A real PostgreSQL for tests, in a temporary directory; it ends with the process that asked for it.
///
/// - Errors: when there is no PostgreSQL: `Scripts/bootstrap` installs it, and a test that wants it fails without.
package final class PostgresForTests: Sendable {
    package struct NotRunning: Error, CustomStringConvertible {
        package let description: String
    }

    // SAFETY: the pipes are used only under the lock.
    private struct Pipes: @unchecked Sendable {
        let input: FileHandle
        let output: FileHandle
    }
    private let pipes: Mutex<Pipes>
    /// One for all tests that leave it as it is.
    private static let sharedServer = Mutex<PostgresForTests?>(nil)

    package init() throws {
        let process = Process()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process.executableURL = root.appending(path: "Scripts/postgres-for-tests")
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let pipes = Pipes(input: input.fileHandleForWriting, output: output.fileHandleForReading)
        _ = try Self.answer(pipes)
        self.pipes = Mutex(pipes)
    }

    package static func shared() throws -> PostgresForTests {
        try sharedServer.withLock { server in
            if let server { return server }
            let made = try PostgresForTests()
            server = made
            return made
        }
    }

    /// The address of an empty schema.
    package func newSchema() throws -> String {
        guard let url = try command("schema")["url"] as? String else {
            throw NotRunning(description: "no address")
        }
        return url
    }

    /// The server stops as in a crash; connections break.
    package func kill() throws { _ = try command("kill") }
    package func start() throws { _ = try command("start") }

    private func command(_ text: String) throws -> [String: Any] {
        try pipes.withLock { pipes in
            try pipes.input.write(contentsOf: Data((text + "\n").utf8))
            return try Self.answer(pipes)
        }
    }

    private static func answer(_ pipes: Pipes) throws -> [String: Any] {
        var line = Data()
        while let byte = try pipes.output.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) {
            line += byte
        }
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any] else {
            throw NotRunning(
                description: "Scripts/postgres-for-tests answered: " + String(decoding: line, as: UTF8.self))
        }
        return object
    }
}
