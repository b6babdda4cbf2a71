import Foundation
import Glibc

/// Holds a directory for this process; the system lets go of it when the process ends, however it ends.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Errors: `NOD-201` with the owner's process id, `NOD-203`.
    init(directory: String) throws(NodeError) {
        let file = directory + "/lock"
        let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw NodeError(
                .directoryUnusable, "the data directory's lock cannot be opened",
                ["path": file, "reason": Self.reason])
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isOwned = errno == EWOULDBLOCK
            let owner = Self.owner(descriptor)
            close(descriptor)
            guard isOwned else {
                throw NodeError(
                    .directoryUnusable, "the data directory cannot be locked",
                    ["path": file, "reason": Self.reason])
            }
            throw NodeError(
                .directoryInUse, "the data directory is in use by another process",
                ["path": directory, "pid": owner], hint: "stop that process, or choose another directory")
        }
        self.descriptor = descriptor
        let text = Array("\(getpid())\n".utf8)
        // SAFETY: the pointer is used inside the call only. The process id is for people; the lock is what counts.
        let written = unsafe text.withUnsafeBytes { bytes in
            ftruncate(descriptor, 0) == 0 ? unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, 0) : -1
        }
        guard written == text.count else {
            throw NodeError(
                .directoryUnusable, "the data directory's lock cannot be written",
                ["path": file, "reason": Self.reason])
        }
    }

    deinit { close(descriptor) }

    /// Names this very lock on this machine since it started: whoever holds it knows that its last holder has ended.
    ///
    ///     4a1c…-…/66306/1835021
    var place: String {
        var found = stat()
        // SAFETY: the call fills a variable of its own type.
        guard unsafe fstat(descriptor, &found) == 0,
            let boot = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        else { return "" }
        return "\(boot.filter { !$0.isWhitespace })/\(found.st_dev)/\(found.st_ino)"
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }

    private static func owner(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        // SAFETY: the pointer is used inside the call only.
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
        }
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).filter(\.isNumber)
        return text.isEmpty ? "unknown" : text
    }
}
