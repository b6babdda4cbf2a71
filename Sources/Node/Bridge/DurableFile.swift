import Foundation
import Glibc

/// Writes small files that appear whole or not at all, also after a power cut.
enum DurableFile {
    /// - Errors: `NOD-203`.
    static func write(_ bytes: [UInt8], to path: String) throws(NodeError) {
        let temporary = path + ".new"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        // SAFETY: the pointer is used inside the call only.
        let written = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        let isDurable = written == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isDurable, unsafe rename(temporary, path) == 0 else { throw failure(path) }
        try syncDirectory((path as NSString).deletingLastPathComponent)
    }

    /// Makes the directory and those around it that are missing, each readable by its owner only and named durably in
    /// the one around it: else a power cut could take away a directory whose files were all synced.
    ///
    /// `isNew`: also where nothing is missing, because a first start may have been killed after making it. Answers the
    /// directories that were synced, outermost first.
    ///
    /// - Errors: `NOD-203`.
    @discardableResult
    static func createDirectories(_ path: String, isNew: Bool) throws(NodeError) -> [String] {
        var missing: [String] = []
        var around = URL(filePath: path, directoryHint: .isDirectory).standardizedFileURL
        while !FileManager.default.fileExists(atPath: around.path), around.path != "/" {
            missing.append(around.path)
            around.deleteLastPathComponent()
        }
        for directory in missing.reversed() {
            // Somebody else may have made it meanwhile.
            guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw notMade(path) }
        }
        // Also where nothing is missing: a file in its place is told here.
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw notMade(path) }
        close(descriptor)
        if isNew, missing.isEmpty { missing = [URL(filePath: path).standardizedFileURL.path] }
        let parents = missing.reversed().map { ($0 as NSString).deletingLastPathComponent }
        for parent in parents { try syncDirectory(parent) }
        return parents
    }

    private static func notMade(_ path: String) -> NodeError {
        NodeError(
            .directoryUnusable, "the data directory cannot be made",
            ["path": path, "reason": unsafe String(cString: strerror(errno))])
    }

    private static func syncDirectory(_ path: String) throws(NodeError) {
        let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure(path) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw failure(path) }
    }

    private static func failure(_ path: String) -> NodeError {
        NodeError(
            .directoryUnusable, "a file cannot be written",
            ["path": path, "reason": unsafe String(cString: strerror(errno))])
    }
}
