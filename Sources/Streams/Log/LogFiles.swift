/// The file operations the log needs, all blocking; a simulated disk stands in for crash tests.
///
/// - Errors: `noSpace` when the disk is full, else `inputOutputFailed`, with path and errno.
package protocol LogFiles: Sendable {
    /// Makes the directory and its parents, durably. Succeeds when it exists.
    func createDirectory(_ path: String) throws(StreamsError)
    /// Names in the directory, in any order.
    func list(_ directory: String) throws(StreamsError) -> [String]
    /// Fails when the file exists.
    func create(_ path: String) throws(StreamsError) -> any LogFile
    /// For reading and writing; nil when it does not exist.
    func open(_ path: String) throws(StreamsError) -> (any LogFile)?
    func remove(_ path: String) throws(StreamsError)
    /// With the files in it. Succeeds when it does not exist.
    func removeDirectory(_ path: String) throws(StreamsError)
    /// Makes creations and removals in the directory durable.
    func syncDirectory(_ path: String) throws(StreamsError)
    /// Of the volume that holds the directory; nil where nobody can say.
    func volume(of directory: String) -> VolumeSpace?
}

extension LogFiles {
    package func volume(of directory: String) -> VolumeSpace? { nil }
}

/// How large a volume is, and what of it this process may still take.
package struct VolumeSpace: Sendable, Equatable {
    package var sizeBytes: Int
    package var freeBytes: Int

    package init(sizeBytes: Int, freeBytes: Int) {
        self.sizeBytes = sizeBytes
        self.freeBytes = freeBytes
    }
}

/// One open file. Closed when the last reference goes.
package protocol LogFile: Sendable {
    func size() throws(StreamsError) -> Int
    /// Fewer bytes than asked only at the end of the file.
    func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8]
    func write(_ bytes: Span<UInt8>, at position: Int) throws(StreamsError)
    func truncate(to size: Int) throws(StreamsError)
    /// Data, and what is needed to find it again (fdatasync).
    func sync() throws(StreamsError)
    /// Forgets cached pages, so that the next read shows what the disk has.
    func dropCache()
}
