import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// One open file without a name: it is gone when this is, whatever happens to the process.
final class SpillDescriptor: Sendable {
    private let descriptor: CInt

    /// - Errors: `EXE-301` for want of room, `EXE-302` otherwise.
    init(directory: String, name: String) throws(ExecutionError) {
        let path = directory + "/" + name
        // SAFETY: the path is a Swift string, which is passed with a NUL behind it; the mode is what O_CREAT asks for.
        let opened = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw Self.fault("open") }
        descriptor = opened
        // Without a name nothing is left behind by a process that dies.
        // SAFETY: as above.
        guard unsafe unlink(path) == 0 else { throw Self.fault("unlink") }
    }

    deinit { close(descriptor) }

    /// Blocks, as a rule for no longer than copying takes: the kernel writes later.
    func write(_ bytes: Span<UInt8>, at position: Int) throws(ExecutionError) {
        var failure: ExecutionError?
        // SAFETY: `pwrite` is told how many bytes are left behind the pointer.
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var done = 0
            while done < buffer.count {
                let wrote = unsafe pwrite(
                    descriptor, base + done, buffer.count - done, off_t(position + done))
                if wrote < 0, errno == EINTR { continue }
                if wrote <= 0 {
                    failure = Self.fault("pwrite")
                    return
                }
                done += wrote
            }
        }
        if let failure { throw failure }
    }

    /// Fewer bytes than asked for where the file ends.
    func read(at position: Int, count: Int) throws(ExecutionError) -> [UInt8] {
        var failure: ExecutionError?
        // SAFETY: `pread` is told the room left in the buffer, and only what it filled is kept.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                let got = unsafe pread(descriptor, base + filled, count - filled, off_t(position + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = Self.fault("pread") }
                if got <= 0 { break }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private static func fault(_ operation: String) -> ExecutionError {
        let number = errno
        // SAFETY: `strerror` answers a NUL-terminated string that stays valid until the thread's next call.
        let reason = unsafe String(cString: strerror(number))
        let isFull = number == ENOSPC || number == EDQUOT
        return ExecutionError(
            isFull ? .spillFull : .spillFailed,
            isFull ? "the disk is full of what queries put aside" : "a file of a query's rows failed",
            ["operation": operation, "errno": number, "reason": reason])
    }
}
