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
        let directory = unsafe open(
            (path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
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
