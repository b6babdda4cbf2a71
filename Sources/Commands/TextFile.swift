import Faults
import Foundation
import JSONText
import Scheduling

/// Small files named on the command line.
enum TextFile {
    /// SQL, schemas and the like are far smaller.
    static let byteLimit = 16 << 20

    /// - Errors: `CLI-102`.
    static func text(_ path: String) async throws -> String {
        let bytes = try await bytes(path)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.file, "the file is not UTF-8 text", ["path": path])
        }
        return text
    }

    /// - Errors: `CLI-102`.
    static func json(_ path: String) async throws -> JSONValue {
        let bytes = try await bytes(path)
        do throws(JSONError) { return try JSONParser.parse(bytes) } catch {
            throw CommandError(.file, "the file is not JSON: \(error.message)", ["path": path])
        }
    }

    /// - Errors: `CLI-102`.
    static func bytes(_ path: String) async throws -> [UInt8] {
        let pool = IOPool(name: "file", threads: 1)
        defer { pool.stop() }
        return try await pool.run {
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                let data = try handle.read(upToCount: byteLimit + 1) ?? Data()
                guard data.count <= byteLimit else {
                    throw CommandError(.file, "the file is too large", ["path": path, "limit": byteLimit])
                }
                return [UInt8](data)
            } catch let error as CommandError {
                throw error
            } catch {
                throw CommandError(
                    .file, "the file cannot be read", ["path": path, "reason": SystemReason.text(error)])
            }
        }
    }
}
