/// An object whose bytes are durable and which nobody sees before it is published. A value: it can be written down and
/// published by a later process.
package struct SealedBlob: Sendable, Hashable {
    package var path: BlobPath
    package var size: Int64
    /// Names the write. The object carries it once it is published, which tells it from another's of the same key.
    package var mark: String
    /// By which the store finds the bytes; its own business.
    package var receipt: String

    package init(path: BlobPath, size: Int64, mark: String, receipt: String) {
        self.path = path
        self.size = size
        self.mark = mark
        self.receipt = receipt
    }

    package var gone: BlobsError {
        BlobsError(
            .uploadGone, "the bytes of an object that was to appear are gone, and it is not there",
            ["path": path, "size": size])
    }
}
