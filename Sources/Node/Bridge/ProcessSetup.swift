import Signing

#if canImport(Glibc)
    import Glibc
#endif

/// What the process needs to be before anything else starts.
enum ProcessSetup {
    /// - Errors: `NOD-301`: libparquet carries an OpenSSL of its own, and the wrong link order lets it answer.
    static func checkLibraries() throws(NodeError) {
        guard CryptoLibrary.isExpected else {
            throw NodeError(
                .wrongLibrary, "another OpenSSL answers than the one this was built with",
                [
                    "built": String(CryptoLibrary.builtVersion, radix: 16),
                    "running": String(CryptoLibrary.runningVersion, radix: 16),
                ],
                hint: "the link order has changed: libcrypto must come before libparquet")
        }
    }

    /// Each connection, log and table file is one; the usual soft limit of 1,024 is soon reached.
    static func raiseFileLimit() {
        var limit = rlimit()
        // SAFETY: the struct is a local, written and read by the calls.
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
    /// Of the machine, or of the container where that has less.
    static var memoryBytes: Int {
        let physical = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        return max(1 << 27, min(physical, ControlGroup().memoryLimitBytes ?? .max))
    }
}
