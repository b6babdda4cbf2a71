import Columnar
import Kernels
import Plans
import Scheduling

/// The right side of a join: its rows, found by their keys.
struct JoinTable: Sendable {
    /// Keys are computed so many rows at a time: few enough that a cancelled query stops soon.
    static let step = 65_536

    let rows: Batch
    let index: JoinIndex
    /// Only for joins that tell false from unknown.
    let nulls: MembershipNulls?
    private let reservation: MemoryReservation

    /// What a table of so many rows takes while it is made: the rows twice, and about five words and its keys a row.
    static func bytes(rows: Int, bytes: Int, _ work: JoinWork) -> Int {
        let keyBytes = (40 + 32 * work.rightKeys.count) * (work.join.membership == nil ? 1 : 2)
        return bytes.addingClamped(bytes).addingClamped(rows * keyBytes)
    }

    /// `reservation` is resized to what the table takes.
    ///
    /// - Errors: `SCH-202` for want of memory, `EXE-101` for more than 2^31 rows.
    init(
        _ batches: [Batch], _ work: JoinWork, _ context: QueryContext, _ reservation: MemoryReservation
    ) throws {
        let bytes = batches.reduce(0) { $0 + $1.ownByteCount }
        let count = batches.reduce(0) { $0 + $1.rowCount }
        try Self.reserve(Self.bytes(rows: count, bytes: bytes, work), context, reservation)
        guard count < Int(Int32.max) else {
            throw ExecutionError(
                .unsupported, "a join holds fewer rows than this on its right side", ["rows": count])
        }
        self.reservation = reservation
        let rightKeys = work.rightKeys
        rows = Batch.concatenate(batches, schema: work.right)
        var index = JoinIndex(types: rightKeys.map(\.type), nullsMatch: work.nullsMatch)
        var nulls = work.join.membership.map { _ in MembershipNulls(work.join) }
        for start in stride(from: 0, to: count, by: Self.step) {
            try context.check()
            let part = rows.slice(start..<min(count, start + Self.step))
            let keys = try context.evaluator.evaluate(rightKeys, over: part)
            index.append(keys, rowCount: part.rowCount)
            if let sought = keys.last {
                nulls?.append(Array(keys.dropLast()), sought, rowCount: part.rowCount)
            }
        }
        index.seal()
        nulls?.seal()
        self.index = index
        self.nulls = nulls
        try Self.reserve(bytes + index.byteCount + (nulls?.byteCount ?? 0), context, reservation)
    }

    /// Where there is a disk the rows are few enough already, and a little more is no reason to begin anew.
    private static func reserve(
        _ bytes: Int, _ context: QueryContext, _ reservation: MemoryReservation
    ) throws {
        if try !reservation.resizeIfFree(to: bytes), context.spill == nil {
            try reservation.resize(to: bytes)
        }
    }
}
