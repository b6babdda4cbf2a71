import Buckets
import Octets
import Scheduling
import Signing
import Synchronization
import Wire

/// The payload of a request, freed of its framing and checked against everything the client said of it.
///
/// Nothing of it may be kept before `next` has answered nil: only then are signatures and checksums known to hold.
/// Pieces are gathered before they are hashed, on threads that may be busy for a while. What a large body takes while it
/// passes is reserved in the memory ledger until nobody has the body any more.
final class S3Body {
    /// Gathered before one turn of hashing.
    private static let gatheredBytes = 1 << 20
    /// The same while memory is short.
    private static let shortGatheredBytes = 64 << 10
    /// A block as it came, the same joined, the one before that is being written, and what waits in the connection's queue.
    private static let heldBlocks = 4
    /// The block that is being written, once more: as it is stored.
    var isEncrypted = false
    /// Less is hashed where it stands: some tens of microseconds.
    private static let hashedHereBytes = 16 << 10

    private let source: RequestBody
    private let pool: IOPool
    private let ledger: MemoryLedger
    private let length: Int64?
    private var memory: MemoryReservation?
    private var blockBytes: Int?
    /// Shared with the thread that hashes, which is waited for.
    private final class Check: Sendable {
        let state: Mutex<S3BodyCheck>
        init(_ state: sending S3BodyCheck) { self.state = Mutex(state) }
    }
    private let check: Check
    /// Nothing is computed over it but its length.
    private let isUnchecked: Bool
    private var isDone = false
    /// What was checked, as headers to keep with the object. Complete at the end of the body.
    private(set) var verified: [ObjectMetadata.Field] = []

    /// - Errors: `S3-105` for digests that cannot be any, `S3-301` for a streaming form unknown here.
    init(
        _ request: Request, _ authorization: SigV4Authorization?, _ chunks: SigV4ChunkSigner?,
        hasChecksums: Bool, pool: IOPool, ledger: MemoryLedger
    ) throws(S3Error) {
        source = request.body
        self.pool = pool
        self.ledger = ledger
        let check = try S3BodyCheck(request, authorization, chunks, hasChecksums: hasChecksums)
        length = Self.length(of: request, isChunked: check.isFramed)
        isUnchecked = check.isEmpty
        self.check = Check(check)
    }

    /// What the client says the payload's length is.
    static func length(of request: Request, isChunked: Bool) -> Int64? {
        isChunked
            ? request.headers["x-amz-decoded-content-length"].flatMap { Int64($0) } : request.contentLength
    }

    /// The next piece; nil at the end, when everything has been checked.
    ///
    /// - Errors: `SIG-103`, `SIG-106`, `SIG-107`, `S3-104`, `S3-106`, `SCH-202`.
    func next() async throws -> [UInt8]? {
        let blockBytes = try takeMemory()
        while !isDone {
            var pieces: [[UInt8]] = []
            var count = 0
            while count < (isUnchecked ? 1 : blockBytes) {
                guard let piece = try await source.next() else {
                    isDone = true
                    break
                }
                count += piece.count
                pieces.append(piece)
            }
            let payload = try await take(pieces, count: count)
            if isDone { verified = try check.state.withLock { try $0.finish() } }
            if !payload.isEmpty { return payload }
        }
        return nil
    }

    /// How much to gather. - Errors: `SCH-202` when not even little memory is free.
    private func takeMemory() throws(SchedulingError) -> Int {
        if let blockBytes { return blockBytes }
        var bytes = length.map { Int(max(1, min($0, Int64(Self.gatheredBytes)))) } ?? Self.gatheredBytes
        if bytes > Self.hashedHereBytes {
            do throws(SchedulingError) {
                memory = try ledger.reserve(heldBlocks * bytes, for: "an upload")
            } catch {
                guard error.code == .memoryExhausted, bytes > Self.shortGatheredBytes else { throw error }
                bytes = Self.shortGatheredBytes
                memory = try ledger.reserve(heldBlocks * bytes, for: "an upload")
            }
        }
        blockBytes = bytes
        return bytes
    }

    private var heldBlocks: Int { Self.heldBlocks + (isEncrypted ? 1 : 0) }

    private func take(_ pieces: [[UInt8]], count: Int) async throws -> [UInt8] {
        if count <= Self.hashedHereBytes || isUnchecked {
            return try check.state.withLock { try $0.take(pieces) }
        }
        return try await pool.run { [check] in try check.state.withLock { try $0.take(pieces) } }
    }

    /// The whole payload. - Errors: as `next`, and `S3-107`.
    func collect(limit: Int) async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await next() {
            guard whole.count + piece.count <= limit else {
                throw S3Error(.entityTooLarge, "the body is too large for this request", ["limit": limit])
            }
            whole += piece
        }
        return whole
    }
}
