import Faults
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The operating system's files.
package struct LiveLogFiles: LogFiles {
    package init() {}

    package func createDirectory(_ path: String) throws(StreamsError) {
        var missing: [String] = []
        var current = path
        while !isDirectory(current), current != "/", !current.isEmpty {
            missing.append(current)
            current = (current as NSString).deletingLastPathComponent
        }
        for directory in missing.reversed() {
            // SAFETY: `mkdir` reads a NUL-terminated string that Swift keeps alive for the call.
            if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST { throw fileFault("mkdir", directory) }
            let parent = (directory as NSString).deletingLastPathComponent
            try syncDirectory(parent.isEmpty ? "." : parent)
        }
    }

    private func isDirectory(_ path: String) -> Bool {
        var found: ObjCBool = false
        // SAFETY: the pointer is valid for the call.
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &found) && found.boolValue
    }

    package func list(_ directory: String) throws(StreamsError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw StreamsError(
                .inputOutputFailed, "the directory cannot be listed", [serverFile: directory], cause: error)
        }
    }

    package func create(_ path: String) throws(StreamsError) -> any LogFile {
        // SAFETY: `open` reads a NUL-terminated string that Swift keeps alive for the call.
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fileFault("create", path) }
        return LiveLogFile(descriptor: descriptor, path: path)
    }

    package func open(_ path: String) throws(StreamsError) -> (any LogFile)? {
        // SAFETY: as in `create`.
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw fileFault("open", path) }
        return LiveLogFile(descriptor: descriptor, path: path)
    }

    package func remove(_ path: String) throws(StreamsError) {
        // SAFETY: as in `create`.
        if unsafe unlink(path) != 0, errno != ENOENT { throw fileFault("unlink", path) }
    }

    package func removeDirectory(_ path: String) throws(StreamsError) {
        guard isDirectory(path) else { return }
        for name in try list(path) { try remove("\(path)/\(name)") }
        // SAFETY: as in `create`.
        if unsafe rmdir(path) != 0, errno != ENOENT { throw fileFault("rmdir", path) }
        try syncDirectory((path as NSString).deletingLastPathComponent)
    }

    package func syncDirectory(_ path: String) throws(StreamsError) {
        // SAFETY: as in `create`.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fileFault("open", path) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw fileFault("fsync", path) }
    }

    package func volume(of directory: String) -> VolumeSpace? {
        var found = statvfs()
        // SAFETY: `statvfs` reads a terminated path and fills the struct it is given.
        guard unsafe statvfs(directory, &found) == 0 else { return nil }
        let block = UInt64(found.f_frsize)
        func bytes(_ blocks: UInt) -> Int {
            let (product, overflows) = UInt64(blocks).multipliedReportingOverflow(by: block)
            return overflows ? .max : Int(clamping: product)
        }
        let size = bytes(found.f_blocks)
        // Some file systems of other machines and of programs have no size.
        return size > 0 ? VolumeSpace(sizeBytes: size, freeBytes: bytes(found.f_bavail)) : nil
    }
}

/// A file descriptor with an owner.
private final class LiveLogFile: LogFile {
    private let descriptor: Int32
    private let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func size() throws(StreamsError) -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw fileFault("lseek", path) }
        return Int(end)
    }

    func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8] {
        var failure: StreamsError?
        // SAFETY: `pread` is told the room left in the buffer, and only what it filled is kept.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = unsafe pread(
                    descriptor, buffer.baseAddress! + filled, count - filled, off_t(position + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = fileFault("pread", path) }
                if got <= 0 { break }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func write(_ bytes: Span<UInt8>, at position: Int) throws(StreamsError) {
        var failure: StreamsError?
        // SAFETY: `pwrite` is told how many bytes are left behind the pointer.
        unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let wrote = unsafe pwrite(
                    descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(position + done))
                if wrote < 0, errno == EINTR { continue }
                if wrote <= 0 {
                    failure = fileFault("pwrite", path)
                    return
                }
                done += wrote
            }
        }
        if let failure { throw failure }
    }

    func truncate(to size: Int) throws(StreamsError) {
        if ftruncate(descriptor, off_t(size)) != 0 { throw fileFault("ftruncate", path) }
    }

    func sync() throws(StreamsError) {
        if fdatasync(descriptor) != 0 { throw fileFault("fdatasync", path) }
    }

    func dropCache() { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
}

private func fileFault(_ operation: String, _ path: String) -> StreamsError {
    let number = errno
    // SAFETY: `strerror` answers a NUL-terminated string that stays valid until the thread's next call.
    let text = unsafe String(cString: strerror(number))
    let code: StreamsError.Code = [ENOSPC, EDQUOT].contains(number) ? .noSpace : .inputOutputFailed
    return StreamsError(
        code, code == .noSpace ? "the disk is full" : "a file operation failed",
        ["operation": operation, serverFile: path, "errno": number, "reason": text],
        hint: code == .noSpace ? "make room on the server's disk" : nil,
        retryAfterSeconds: code == .noSpace ? LogState.spaceRetrySeconds : nil)
}
