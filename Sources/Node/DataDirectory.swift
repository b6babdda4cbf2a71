import Faults
import Foundation
import JSONText

/// The directory that holds everything a node keeps, owned by one process at a time.
///
///     DIR/lock           locked by its owner, whose process id it holds
///     DIR/version.json   {"format":"firn data directory","version":1}
///     DIR/key            32 bytes from which all other keys are derived
///     DIR/node           whose disk it is, where several nodes share a database
///     DIR/admin-token    the first token
///     DIR/metastore.db   state
///     DIR/objects        buckets
///     DIR/store.json     the external store that has them instead
///     DIR/streams        logs
///     DIR/spill          rows of running queries that memory does not hold; empty at start-up
///
/// - Errors: `NOD-201` … `NOD-204`, `NOD-206`.
/// - Threads: blocks; call it at start-up.
package final class DataDirectory: Sendable {
    package static let version = 1
    private static let format = "firn data directory"
    private static let names: Set<String> = [
        "lock", "version.json", "key", "node", "admin-token", "metastore.db", "metastore.db-wal",
        "metastore.db-shm",
        "metastore.db-journal", "objects", "store.json", "streams", "spill",
        // What a file system's own root has.
        "lost+found",
    ]

    package let path: String
    private let lock: DirectoryLock

    /// What tells this directory's lock from any other one, a copy's too.
    var place: String { lock.place }

    package init(opening path: String) throws(NodeError) {
        self.path = path
        let isNew = !FileManager.default.fileExists(atPath: path + "/version.json")
        try DurableFile.createDirectories(path, isNew: isNew)
        if isNew { try Self.requireOwn(path) }
        // The lock first: two starts of different versions must not race for the version file.
        lock = try DirectoryLock(directory: path)
        try Self.checkVersion(path + "/version.json")
    }

    /// The ids of the streams whose logs are in the directory.
    static func streams(in path: String) throws(NodeError) -> Set<String> {
        let folder = path + "/streams"
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        do {
            return Set(try FileManager.default.contentsOfDirectory(atPath: folder))
        } catch {
            throw NodeError(
                .directoryUnusable, "the streams of the data directory cannot be listed",
                ["path": folder, "reason": error.localizedDescription])
        }
    }

    /// Nothing in a directory says that it is somebody else's but what lies in it. Hidden files say nothing.
    private static func requireOwn(_ path: String) throws(NodeError) {
        let found: [String]
        do {
            found = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw NodeError(
                .directoryUnusable, "the data directory cannot be listed",
                ["path": path, "reason": error.localizedDescription])
        }
        let foreign = found.filter { name in
            !name.hasPrefix(".") && !names.contains(name.hasSuffix(".new") ? String(name.dropLast(4)) : name)
        }
        guard foreign.isEmpty else {
            throw NodeError(
                .directoryForeign, "the directory holds files that are not Firn's",
                ["path": path, "files": foreign.sorted().prefix(5).joined(separator: ", ")],
                hint: "choose an empty directory, or one that does not exist yet")
        }
    }

    private static func checkVersion(_ file: String) throws(NodeError) {
        guard FileManager.default.fileExists(atPath: file) else { return try writeVersion(file) }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw NodeError(.directoryUnusable, "the version file cannot be read", ["path": file])
        }
        let json: JSONValue
        do {
            json = try JSONParser.parse(Array(data))
        } catch {
            throw NodeError(
                .directoryDamaged, "the version file is no JSON", ["path": file, "reason": error.message])
        }
        guard json["format"]?.string == format, let found = json["version"]?.integer, found >= 1 else {
            throw NodeError(.directoryDamaged, "the version file is not one of Firn's", ["path": file])
        }
        guard found <= Int64(version) else {
            throw NodeError(
                .directoryNewer, "a newer version of Firn wrote the data directory",
                ["path": file, "found": found, "known": version], hint: "start that version, or a later one")
        }
    }

    private static func writeVersion(_ file: String) throws(NodeError) {
        let json: JSONValue = ["format": .string(format), "version": .integer(Int64(version))]
        try DurableFile.write(json.serialized() + [0x0A], to: file)
    }
}
