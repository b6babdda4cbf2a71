import Columnar
import Plans
import Scheduling

/// One thread's part of a left side whose rows are only looked for in the right one.
final class JoinMarkSink: LocalSink {
    let marks: JoinMarks
    private let work: JoinWork
    private let table: JoinTable
    private let context: QueryContext
    private let reservation: MemoryReservation

    /// A byte a row: as for the table, a little more is no reason to begin anew where there is a disk.
    ///
    /// - Errors: `SCH-202` when the marks find no memory, and there is no disk.
    init(_ work: JoinWork, _ table: JoinTable, _ context: QueryContext) throws {
        reservation = try context.memory.reserve(0, for: "join")
        if try !reservation.resizeIfFree(to: table.rows.rowCount), context.spill == nil {
            try reservation.resize(to: table.rows.rowCount)
        }
        marks = JoinMarks(count: table.rows.rowCount)
        self.work = work
        self.table = table
        self.context = context
    }

    func consume(_ batch: Batch) throws -> Demand {
        var probe = JoinProbe(batch, work, table, marks, context)
        return try probe.run { _ in .more }
    }
}
