import Columnar
import Kernels
import Plans
import Scheduling

/// The right side of a join: its rows, found by their keys.
struct JoinTable: Sendable {
    /// Keys are computed so many rows at a time: few enough that a cancelled query stops soon.
    private static let step = 65_536

    let rows: Batch
    let index: JoinIndex
    /// Only for joins that tell false from unknown.
    let nulls: MembershipNulls?
    private let reservation: MemoryReservation

    /// - Errors: `SCH-202` for want of memory, `EXE-101` for more than 2^31 rows.
    init(_ sinks: [JoinSink], _ work: JoinWork, _ context: QueryContext) throws {
        let parts = sinks.map(\.kept)
        let bytes = parts.reduce(0) { $0 + $1.bytes }
        let count = parts.reduce(0) { $0 + $1.batches.reduce(0) { $0 + $1.rowCount } }
        guard count < Int(Int32.max) else {
            throw ExecutionError(
                .unsupported, "a join holds fewer rows than this on its right side", ["rows": count])
        }
        // Rows are copied into one batch; a row of the index takes about five words and its keys.
        let rightKeys = work.rightKeys
        let keyBytes = (40 + 32 * rightKeys.count) * (work.join.membership == nil ? 1 : 2)
        reservation = try context.memory.reserve(bytes + count * keyBytes, for: "join")
        rows = Batch.concatenate(parts.flatMap(\.batches), schema: work.right)
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
        try reservation.resize(to: bytes + index.byteCount + (nulls?.byteCount ?? 0))
    }
}
