/// Bounds of one store's client.
package struct S3Limits: Sendable {
    /// Requests under way; also the connections kept open.
    package var requests = 64
    /// Calls that may wait for one of them.
    package var waitingCalls = 4096
    /// Tries of one request, the first included.
    package var attempts = 6
    /// No further try begins later than this after the first.
    package var callSeconds = 120.0
    /// The longest pause before the second try; each later one is twice as long.
    package var firstPauseSeconds = 0.1
    package var longestPauseSeconds = 8.0
    /// A request's deadline: this, and what its bytes need at `slowestBytesPerSecond`.
    package var requestSeconds = 20.0
    package var slowestBytesPerSecond = 256.0 * 1024
    /// Bytes of a part of an upload. Equal for all but the last, as R2 wants them; not below S3's 5 MiB.
    package var partBytes = 8 << 20
    /// Parts sent at once; an upload holds as many in memory.
    package var partsAtOnce = 4
    /// S3's own bound.
    package var partCount = 10_000
    /// One request reads at most this much.
    package var readBytes: Int64 = 8 << 20
    /// Ranges with a gap no larger than this are read together: a request costs more than these bytes.
    package var gapBytes: Int64 = 64 << 10
    /// Requests of one read that are under way at once.
    package var readsAtOnce = 8
    /// Bodies up to this size are hashed where the call stands: some tens of microseconds.
    package var hashedHereBytes = 32 << 10
    /// An answer in XML may have this many bytes: a page of a thousand of the longest keys, escaped.
    package var answerBytes = 8 << 20

    package init() {}
}
