import Foundation

/// Somebody else's S3 store for tests; it ends with the process that asked for it.
///
/// - Errors: when it does not start: `Scripts/bootstrap` installs what it needs, and a test that wants it fails without.
package final class S3ForTests: Sendable {
    package struct NotRunning: Error, CustomStringConvertible {
        package let description: String
    }
    package enum Kind: String, Sendable, CaseIterable { case moto, firn }

    package let url: String
    package let bucket: String
    package let accessKey: String
    package let secretKey: String
    /// Closed with this object; then the store ends.
    private let input: FileHandle

    /// Of a thousand requests, `faults` meet a failing network.
    package init(_ kind: Kind, faults: Int = 0, seed: Int = 0) throws {
        let process = Process()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        process.executableURL = root.appending(path: "Scripts/s3-for-tests")
        process.arguments = ["--store", kind.rawValue, "--faults", "\(faults)", "--seed", "\(seed)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty,
            byte != Data("\n".utf8)
        {
            line += byte
        }
        guard let answer = try? JSONSerialization.jsonObject(with: line) as? [String: String],
            let url = answer["url"], let bucket = answer["bucket"], let accessKey = answer["access_key"],
            let secretKey = answer["secret_key"]
        else {
            throw NotRunning(
                description: "Scripts/s3-for-tests answered: " + String(decoding: line, as: UTF8.self))
        }
        self.url = url
        self.bucket = bucket
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.input = input.fileHandleForWriting
    }

    deinit { try? input.close() }
}
