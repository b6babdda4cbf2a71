package import Blobs

/// The few file operations the store is made of; tests put a simulated disk in their place.
///
/// - Threads: any; every call but `readCached` may block, so it is made on an I/O thread.
/// - Errors: `BLB-301` for a full disk, `BLB-302` for everything else the system reports.
package protocol Disk: Sendable {
    /// One level; one that exists is fine.
    func createDirectory(_ path: String) throws(BlobsError)
    /// Names, without `.` and `..`, in no order.
    func list(_ directory: String) throws(BlobsError) -> [String]
    /// Fails when the file exists.
    func create(_ path: String) throws(BlobsError) -> any DiskFile
    /// Nil when there is no such file.
    func open(_ path: String, isWritable: Bool) throws(BlobsError) -> (any DiskFile)?
    func rename(_ path: String, to target: String) throws(BlobsError)
    /// One that is gone is fine. Open files stay readable.
    func remove(_ path: String) throws(BlobsError)
    /// Makes creations, renames and removals in the directory durable.
    func syncDirectory(_ path: String) throws(BlobsError)
}

/// An open file; closed when nobody holds it any more.
package protocol DiskFile: AnyObject, Sendable {
    func size() throws(BlobsError) -> Int64
    /// Fewer bytes only at the end of the file.
    func read(at offset: Int64, count: Int) throws(BlobsError) -> [UInt8]
    /// As `read`, from memory alone: nil when that would have to wait for the disk, or when anything else is amiss.
    func readCached(at offset: Int64, count: Int) -> [UInt8]?
    func write(_ bytes: [UInt8], at offset: Int64) throws(BlobsError)
    /// Lets the system begin to write these bytes to the disk, so that `sync` has less to wait for. Makes nothing durable.
    func startWriting(at offset: Int64, count: Int64)
    func truncate(to size: Int64) throws(BlobsError)
    /// Makes contents and size durable.
    func sync() throws(BlobsError)
    /// A new descriptor of the same file, which the caller must close.
    func duplicateDescriptor() throws(BlobsError) -> Int32
}

extension DiskFile {
    /// - Errors: `BLB-201` when the file ends early.
    func readExactly(at offset: Int64, count: Int) throws(BlobsError) -> [UInt8] {
        let bytes = try read(at: offset, count: count)
        guard bytes.count == count else {
            throw BlobsError(
                .corrupt, "a file is shorter than its index says", ["offset": offset, "wanted": count])
        }
        return bytes
    }
}
