import Blobs
import Foundation
package import Scheduling
import Synchronization

/// Keys in a file of the form that Amazon's tools write; read again when the store refuses the ones it had.
///
///     [default]
///     aws_access_key_id = AKIA…
///     aws_secret_access_key = …
///     aws_session_token = …
///
/// - Errors: `BLB-304` for a file that cannot be read or lacks the profile or a key.
package final class S3KeyFile: S3KeySource {
    private let path: String
    private let profile: String
    private let pool: IOPool
    private let known = Mutex<S3Keys?>(nil)

    package init(path: String, profile: String = "default", pool: IOPool) {
        self.path = path
        self.profile = profile
        self.pool = pool
    }

    package func keys() async throws -> S3Keys {
        if let known = known.withLock({ $0 }) { return known }
        let read = try await read()
        known.withLock { $0 = read }
        return read
    }

    package func renew() async -> Bool {
        let before = known.withLock { $0 }
        // A file that cannot be read now leaves the keys as they are: the store's refusal is what is told.
        guard let read = try? await read(), read != before else { return false }
        known.withLock { $0 = read }
        return true
    }

    private func read() async throws -> S3Keys {
        let path = path
        let text: String
        do {
            let bytes = try await pool.run { try Data(contentsOf: URL(filePath: path)) }
            text = String(decoding: bytes, as: UTF8.self)
        } catch {
            throw BlobsError(
                .refused, "the file with the store's keys cannot be read",
                ["path": path, "reason": error.localizedDescription])
        }
        guard let keys = Self.parse(text, profile: profile) else {
            throw BlobsError(
                .refused, "the file with the store's keys lacks the profile or one of its keys",
                ["path": path, "profile": profile])
        }
        return keys
    }

    /// Nil unless the profile is there with both keys.
    package static func parse(_ text: String, profile: String) -> S3Keys? {
        var members: [String: String] = [:]
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("[") {
                isInside = line == "[\(profile)]"
            } else if isInside, !line.hasPrefix("#"), let mark = line.firstIndex(of: "=") {
                let name = line[..<mark].trimmingCharacters(in: .whitespaces).lowercased()
                members[name] = line[line.index(after: mark)...].trimmingCharacters(in: .whitespaces)
            }
        }
        guard let id = members["aws_access_key_id"], let secret = members["aws_secret_access_key"],
            !id.isEmpty, !secret.isEmpty
        else { return nil }
        return S3Keys(accessKey: id, secret: secret, sessionToken: members["aws_session_token"])
    }
}
