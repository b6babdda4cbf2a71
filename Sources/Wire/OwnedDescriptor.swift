import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Owns an open file descriptor: closes it unless somebody took it.
package final class OwnedDescriptor: Sendable {
    private let raw: Mutex<Int32?>

    package init(_ raw: Int32) {
        precondition(raw >= 0)
        self.raw = Mutex(raw)
    }

    deinit {
        if let raw = take() { close(raw) }
    }

    /// The caller must close it. Nil the second time.
    package func take() -> Int32? {
        raw.withLock { raw in
            defer { raw = nil }
            return raw
        }
    }
}
