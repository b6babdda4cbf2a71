import Blobs
package import Effects

/// What must be true of an object for it to be deleted; one that is not there may always be.
///
/// - Source: "How to perform conditional deletes", Amazon S3 user guide; the members of `DeleteObject` and `ObjectIdentifier`.
package struct DeleteCondition: Sendable, Hashable {
    /// Some etag, `*` for any.
    package var etag: String?
    /// To the second, as clients are told it.
    package var modified: Instant?
    package var size: Int64?

    package init(etag: String? = nil, modified: Instant? = nil, size: Int64? = nil) {
        self.etag = etag
        self.modified = modified
        self.size = size
    }

    package var isEmpty: Bool { self == DeleteCondition() }

    /// - Errors: `BLB-103`.
    func check(_ info: BlobInfo, _ path: BlobPath) throws(BlobsError) {
        if let etag, etag != "*", etag != info.etag { throw failed("etag", path) }
        if let modified, modified.seconds != info.modified.seconds { throw failed("time", path) }
        if let size, size != info.size { throw failed("size", path) }
    }

    private func failed(_ what: String, _ path: BlobPath) -> BlobsError {
        BlobsError(.conditionFailed, "the object has another \(what)", ["path": path])
    }
}

extension Instant {
    fileprivate var seconds: Int64 { microseconds.floorDivided(by: 1_000_000) }
}
