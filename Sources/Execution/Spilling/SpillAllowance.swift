import Scheduling

/// One operator's memory, and when it must put rows aside.
///
/// - Threads: one at a time.
struct SpillAllowance: Sendable {
    /// What an operator may hold although the query's memory is used up: with less it would only write tiny files.
    static let floorBytes = 128 << 10
    /// One part in so many of the query's memory is left to operators that have nothing to put aside: an aggregation
    /// without keys above this one still needs a few bytes for its one group.
    private static let partsLeftOnePart = 16

    let reservation: MemoryReservation
    private let context: QueryContext

    init(_ context: QueryContext, for purpose: StaticString) throws {
        reservation = try context.memory.reserve(0, for: purpose)
        self.context = context
    }

    /// Reserves `bytes` in all; false when rows must be put aside instead. Where `isForcible`, tests can have it say no.
    ///
    /// - Errors: `SCH-202` when memory is used up and there is no disk to put rows on.
    func hold(_ bytes: Int, isForcible: Bool = true) throws -> Bool {
        guard context.spill != nil else {
            try reservation.resize(to: bytes)
            return true
        }
        if isForced, isForcible { return false }
        if try leavesShare(growingTo: bytes) && reservation.resizeIfFree(to: bytes) { return true }
        return bytes <= Self.floorBytes
    }

    private func leavesShare(growingTo bytes: Int) -> Bool {
        let limit = context.memory.limit
        let growth = bytes - reservation.bytes
        return growth <= 0
            || context.memory.reserved.addingClamped(growth) <= limit - limit / Self.partsLeftOnePart
    }

    /// A test wants rows to be put aside although memory holds them.
    var isForced: Bool { context.spillsEverything }

    /// Everything was put aside.
    func release() throws { try reservation.resize(to: 0) }
}

extension QueryContext {
    /// A file to put rows in, which the operator counts; only asked for after `SpillAllowance.hold` said no.
    func makeSpillFile() throws -> SpillFile {
        guard let spill else {
            throw ExecutionError(.inconsistentPlan, "rows are put aside where there is no disk for them")
        }
        return try spill.makeFile(for: operatorProfile)
    }
}
