#if canImport(Glibc)
    import Glibc
#endif

extension Console {
    /// Standard output and standard error. From here on a reader that is gone is an error of the write, and no signal: a
    /// server must not end because somebody closed a socket or the log.
    package static var live: Console {
        _ = signal(SIGPIPE, SIG_IGN)
        var size = winsize()
        // SAFETY: the call fills the struct it is given.
        let isSized = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Console(
            isTerminal: isatty(STDOUT_FILENO) == 1, isErrorTerminal: isatty(STDERR_FILENO) == 1,
            width: isSized ? Int(size.ws_col) : 80, write: { put(Array($0.utf8), STDOUT_FILENO) },
            writeError: { put(Array($0.utf8), STDERR_FILENO) },
            writeBytes: { put($0, STDOUT_FILENO) })
    }

    /// A reader of results that is gone ends the process quietly, as `head` expects of those it reads from.
    private static func put(_ bytes: [UInt8], _ descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // SAFETY: the pointer is valid for `count` bytes during the call.
            let written = unsafe rest.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            if written <= 0 {
                if errno == EPIPE, descriptor == STDOUT_FILENO { _exit(0) }
                return
            }
            rest = rest.dropFirst(written)
        }
    }
}
