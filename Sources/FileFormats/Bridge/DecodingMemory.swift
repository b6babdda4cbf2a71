import CArrowParquet

/// What decoding one row group holds, told to its owner before it is taken.
///
/// A small file may unfold to any size: pages say themselves how large they become, and indices and deltas of a few bytes
/// stand for long values. So every buffer asks, and the owner hears the sum, a step at a time and never less than before.
///
/// - Threads: one at a time.
final class DecodingMemory {
    private static let stepBytes = 256 << 10

    private let reserve: (Int) throws -> Void
    /// Fetched bytes, dictionaries, columns that every batch is cut from.
    private var kept = 0
    /// Copied out for the batch at hand; earlier ones are their taker's.
    private var batch = 0
    private var shim = 0
    private var told = 0
    /// Why the shim was refused: it cannot carry the error itself.
    private var refusal: (any Error)?

    init(_ reserve: @escaping (Int) throws -> Void) { self.reserve = reserve }

    func startBatch() { batch = 0 }

    /// Asks for what the next batch takes.
    func take(_ bytes: Int) throws {
        try ask(kept + batch + shim + bytes)
        batch += bytes
    }

    /// What `body` takes is held until the end.
    func keeping<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = batch
        defer {
            kept += batch - before
            batch = before
        }
        return try body()
    }

    fileprivate func shimTakes(_ bytes: Int) -> Bool {
        do {
            try ask(kept + batch + bytes)
            shim = bytes
            return true
        } catch {
            refusal = error
            return false
        }
    }

    private func ask(_ sum: Int) throws {
        if sum <= told { return }
        try reserve(sum + Self.stepBytes)
        told = sum + Self.stepBytes
    }

    /// As `ArrowStatus.check`; a refusal comes as it was thrown.
    func check(_ status: firn_arrow_status, _ doing: String) throws {
        if status != FIRN_ARROW_OK, let refusal { throw refusal }
        try ArrowStatus.check(status, doing)
    }
}

/// The shim's question. `context` is a `DecodingMemory` that outlives the group which asks.
func decodingMemoryReserve(_ context: UnsafeMutableRawPointer, _ bytes: Int64) -> Int32 {
    // SAFETY: `ParquetGroupReader` gives the pointer and keeps the object until the group is released.
    let memory = unsafe Unmanaged<DecodingMemory>.fromOpaque(context).takeUnretainedValue()
    return memory.shimTakes(Int(bytes)) ? 1 : 0
}
