package import Scheduling
import Synchronization

/// What reading one file of a table, or a part of one, holds of a query's memory: it goes with the allowance.
///
/// Reading takes its bytes and what they unfold to, before anybody can put rows aside. Half of the query's memory is left to
/// those who keep rows. Past that the reader may still hold what an ordinary file's part needs, a small multiple of its
/// bytes in the file; only what is more is reserved, or ends the query.
///
/// - Threads: one at a time.
package final class ReadAllowance: Sendable {
    /// Held beyond the query's memory at most, in all or for each fetched byte: the bytes, their copy for the decoders, and of
    /// what they unfold to, about five times as much, a page, its values and a batch of every column.
    private static let floorBytes = 32 << 20
    private static let growth = 16

    private struct State {
        var fetched = 0
        var kept = 0
        var reading = 0
    }
    private let memory: MemoryBudget
    private let file: String
    private let reservation: MemoryReservation
    private let state = Mutex(State())

    package init(_ memory: MemoryBudget, file: String) throws(SchedulingError) {
        self.memory = memory
        self.file = file
        reservation = try memory.reserve(0, for: "reading a file")
    }

    /// So many bytes will be fetched.
    ///
    /// - Errors: `SCH-202` with the file.
    package func fetch(_ bytes: Int) throws(SchedulingError) {
        state.withLock { $0.fetched = bytes }
        try hold(bytes)
    }

    /// Reading takes `bytes` in all, the fetched ones among them, beside what is kept.
    ///
    /// - Errors: `SCH-202` with the file.
    package func hold(_ bytes: Int) throws(SchedulingError) {
        let sum = state.withLock { state in
            state.reading = bytes
            return state.kept + bytes
        }
        try reserve(sum)
    }

    /// Keeps `bytes` more of what was read.
    ///
    /// - Errors: `SCH-202` with the file.
    package func keep(_ bytes: Int) throws(SchedulingError) {
        let sum = state.withLock { state in
            state.kept += bytes
            return state.kept + state.reading
        }
        try reserve(sum)
    }

    /// What was read is gone but for what is kept.
    package func endReading() throws(SchedulingError) {
        let kept = state.withLock { state in
            state.reading = 0
            return state.kept
        }
        if kept < reservation.bytes { try reservation.resize(to: kept) }
    }

    private func reserve(_ bytes: Int) throws(SchedulingError) {
        let growth = bytes - reservation.bytes
        if growth <= 0 { return }
        if memory.reserved + growth <= memory.limit / 2, try reservation.resizeIfFree(to: bytes) { return }
        let hard = bytes - max(Self.floorBytes, state.withLock { $0.fetched } * Self.growth)
        if hard <= reservation.bytes { return }
        do throws(SchedulingError) {
            try reservation.resize(to: hard)
        } catch {
            throw error.about("file", file)
        }
    }
}
