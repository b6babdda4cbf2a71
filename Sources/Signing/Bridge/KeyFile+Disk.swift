#if canImport(Glibc)
    import Glibc
#endif

/// The system calls of `KeyFile`.
extension KeyFile {
    /// Nil when there is no such file.
    static func load(path: String) throws(SigningError) -> [UInt8]? {
        // SAFETY: Swift passes a terminated copy of the path.
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open the key file", path, errno)
        }
        defer { close(file) }
        var status = stat()
        // SAFETY: `fstat` fills the struct it is given.
        guard unsafe fstat(file, &status) == 0 else {
            throw failure("cannot examine the key file", path, errno)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw SigningError(
                .keyInvalid, "others may read the key file", ["path": path], hint: "run chmod 600 on it")
        }
        var bytes = [UInt8](repeating: 0, count: 33)
        // SAFETY: the array has the 33 bytes that may be written.
        let count = unsafe read(file, &bytes, 33)
        guard count >= 0 else { throw failure("cannot read the key file", path, errno) }
        guard count == 32 else {
            throw SigningError(.keyInvalid, "the key file does not hold 32 bytes", ["path": path])
        }
        return Array(bytes[..<32])
    }

    /// Replaces a leftover of a start that was cut off; durable on return.
    static func write(_ bytes: [UInt8], to path: String) throws(SigningError) {
        // SAFETY: Swift passes a terminated copy of the path, here and below.
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw failure("cannot remove an old temporary key file", path, errno)
        }
        let file = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot create the key file", path, errno) }
        defer { close(file) }
        // SAFETY: the array has the bytes that are read.
        let written = unsafe Glibc.write(file, bytes, bytes.count)
        guard written == bytes.count else { throw failure("cannot write the key file", path, errno) }
        guard fsync(file) == 0 else { throw failure("cannot sync the key file", path, errno) }
    }

    static func syncDirectory(of path: String) throws(SigningError) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let file = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot open the key file's directory", directory, errno) }
        defer { close(file) }
        guard fsync(file) == 0 else {
            throw failure("cannot sync the key file's directory", directory, errno)
        }
    }

    /// Gives `temporary` its final name unless that exists: `rename` would replace a key another process made.
    static func publish(_ temporary: String, as path: String) throws(SigningError) {
        // SAFETY: Swift passes terminated copies of both paths.
        let linked = unsafe link(temporary, path)
        let linkError = errno
        guard unsafe unlink(temporary) == 0 else {
            throw failure("cannot remove a temporary key file", temporary, errno)
        }
        guard linked == 0 || linkError == EEXIST else {
            throw failure("cannot create the key file", path, linkError)
        }
        try syncDirectory(of: path)
    }

    static func failure(_ summary: String, _ path: String, _ code: Int32) -> SigningError {
        // SAFETY: `strerror` gives a terminated text that lives until this thread's next call; it is copied at once.
        SigningError(
            .keyUnavailable, summary, ["path": path, "reason": unsafe String(cString: strerror(code))])
    }
}
