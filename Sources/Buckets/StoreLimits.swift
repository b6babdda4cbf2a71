/// The bounds of a store. Tests make them small.
package struct StoreLimits: Sendable {
    /// Objects up to here live in the journal. A file of its own costs two more syncs and an inode; up to 64 KiB writing
    /// the bytes once more, when a segment is compacted, costs less than that.
    package var inlineBytes = 64 << 10
    /// When a segment is full, the next begins and a checkpoint is made: at most about this much is replayed.
    package var segmentBytes: Int64 = 64 << 20
    /// One write and one sync of the journal carries at most this.
    package var groupBytes = 4 << 20
    package var groupRecords = 1024
    /// Changes that may wait for the journal before further ones are refused.
    package var queuedChanges = 8192
    /// Segments are compacted when less than this share of all, in percent, is in use; only those that are under it.
    package var compactionPercent: Int64 = 50
    /// Segments compacted after one checkpoint.
    package var compactionSegments = 4
    /// Bytes of moved objects that a group of changes takes along: writing them keeps its callers waiting for some tens of
    /// microseconds, while a sync of their own would cost them a millisecond.
    package var movedBytes = 64 << 10
    /// The same where nobody waits, and what a compaction holds in memory at a time.
    package var movedBytesAlone = 1 << 20
    /// Data files that are kept open between reads.
    package var openFiles = 256
    /// Data files in one directory.
    package var directoryFiles: UInt64 = 4096
    /// The least size of a part that is not the last, as in S3.
    package var partBytes: Int64 = 5 << 20
    package var partNumbers = 1...10_000

    /// Beyond this, unfinished writes go to the disk in smaller pieces.
    package var stagedBytes = 64 << 20
    /// Multipart uploads that are neither completed nor aborted, the parts they hold in the index, and the bytes of these.
    package var unfinishedUploads = 10_000
    package var unfinishedParts = 1_000_000
    package var unfinishedBytes: Int64 = 1 << 40

    /// An upload that is not completed by then is aborted, as the hosted product does.
    package var uploadSeconds: Int64 = 7 * 86_400

    package init() {}

    /// - Errors: `BKT-108`.
    func check(uploads: Int = 0, parts: Int = 0, bytes: Int64 = 0) throws(BucketsError) {
        let found: (String, Int64, Int64)? =
            if uploads > unfinishedUploads {
                ("uploads", Int64(uploads), Int64(unfinishedUploads))
            } else if parts > unfinishedParts {
                ("parts", Int64(parts), Int64(unfinishedParts))
            } else if bytes > unfinishedBytes {
                ("bytes", bytes, unfinishedBytes)
            } else {
                nil
            }
        guard let (what, count, limit) = found else { return }
        throw BucketsError(
            .uploadsExhausted, "unfinished uploads hold too much",
            ["of": what, "would be": count, "limit": limit],
            hint: "complete or abort some; ListMultipartUploads tells them")
    }
}
