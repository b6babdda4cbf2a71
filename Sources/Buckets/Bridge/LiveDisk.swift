package import Blobs
import CDisk
import Faults

#if canImport(Glibc)
    import Glibc
#endif

/// The operating system's files.
package struct LiveDisk: Disk {
    package init() {}

    package func createDirectory(_ path: String) throws(BlobsError) {
        // SAFETY: Swift passes a terminated copy of the path, here and in the other calls.
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw diskFault("mkdir", path) }
    }

    package func list(_ directory: String) throws(BlobsError) -> [String] {
        guard let stream = unsafe opendir(directory) else { throw diskFault("opendir", directory) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw diskFault("readdir", directory) }
                return names
            }
            // SAFETY: `d_name` is a terminated text inside the entry, which lives until the next `readdir`.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    package func create(_ path: String) throws(BlobsError) -> any DiskFile {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw diskFault("create", path) }
        return LiveDiskFile(descriptor: descriptor, path: path)
    }

    package func open(_ path: String, isWritable: Bool) throws(BlobsError) -> (any DiskFile)? {
        let descriptor = unsafe Glibc.open(path, (isWritable ? O_RDWR : O_RDONLY) | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw diskFault("open", path)
        }
        return LiveDiskFile(descriptor: descriptor, path: path)
    }

    package func rename(_ path: String, to target: String) throws(BlobsError) {
        guard unsafe Glibc.rename(path, target) == 0 else { throw diskFault("rename", path) }
    }

    package func remove(_ path: String) throws(BlobsError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw diskFault("unlink", path) }
    }

    package func syncDirectory(_ path: String) throws(BlobsError) {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw diskFault("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw diskFault("fsync", path) }
    }
}

/// A file descriptor with an owner.
private final class LiveDiskFile: DiskFile {
    private let descriptor: Int32
    private let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func size() throws(BlobsError) -> Int64 {
        var status = stat()
        // SAFETY: `fstat` fills the struct it is given.
        guard unsafe fstat(descriptor, &status) == 0 else { throw diskFault("fstat", path) }
        return Int64(status.st_size)
    }

    func read(at offset: Int64, count: Int) throws(BlobsError) -> [UInt8] {
        var failure: Int32?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                // SAFETY: `filled < count`, and the buffer holds `count` bytes.
                let got = unsafe pread(
                    descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled,
                    off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw diskFault("pread", path, failure) }
        return bytes
    }

    func readCached(at offset: Int64, count: Int) -> [UInt8]? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            // SAFETY: the buffer holds `count` bytes, and as many as were read are told.
            filled = unsafe max(
                0, Int(firn_disk_read_cached(descriptor, buffer.baseAddress, count, offset)))
        }
        return bytes.count == count ? bytes : nil
    }

    func startWriting(at offset: Int64, count: Int64) {
        // What cannot be begun now is written, or its failure told, by `sync`.
        _ = firn_disk_start_writing(descriptor, offset, count)
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(BlobsError) {
        var failure: Int32?
        unsafe bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                // SAFETY: `done < buffer.count`.
                let wrote = unsafe pwrite(
                    descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
                    off_t(offset) + off_t(done))
                if wrote < 0, errno == EINTR { continue }
                guard wrote > 0 else {
                    failure = wrote == 0 ? ENOSPC : errno
                    return
                }
                done += wrote
            }
        }
        if let failure { throw diskFault("pwrite", path, failure) }
    }

    func truncate(to size: Int64) throws(BlobsError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw diskFault("ftruncate", path) }
    }

    func sync() throws(BlobsError) {
        guard fdatasync(descriptor) == 0 else { throw diskFault("fdatasync", path) }
    }

    func duplicateDescriptor() throws(BlobsError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw diskFault("dup", path) }
        return copy
    }
}

private func diskFault(_ operation: String, _ path: String, _ number: Int32 = errno) -> BlobsError {
    // SAFETY: `strerror` gives a terminated text that lives until this thread's next call; it is copied at once.
    let reason = unsafe String(cString: strerror(number))
    let isFull = number == ENOSPC || number == EDQUOT
    return BlobsError(
        isFull ? .noSpace : .unavailable, isFull ? "the disk is full" : "a file operation failed",
        ["operation": operation, serverFile: path, "reason": reason])
}
