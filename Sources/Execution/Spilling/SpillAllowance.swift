import Scheduling

/// One operator's memory, and when it must put rows aside.
///
/// - Threads: one at a time.
struct SpillAllowance: Sendable {
    /// What an operator may hold although the query's memory is used up: with less it would only write tiny files.
    static let floorBytes = 128 << 10

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
        return try reservation.resizeIfFree(to: bytes) || bytes <= Self.floorBytes
    }

    /// A test wants rows to be put aside although memory holds them.
    var isForced: Bool { context.spillsEverything }

    /// Everything was put aside.
    func release() throws { try reservation.resize(to: 0) }
}

extension QueryContext {
    /// A file to put rows in; only asked for after `SpillAllowance.hold` said no.
    func makeSpillFile() throws -> SpillFile {
        guard let spill else {
            throw ExecutionError(.inconsistentPlan, "rows are put aside where there is no disk for them")
        }
        return try spill.makeFile()
    }
}
