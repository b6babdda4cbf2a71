import Columnar
import Plans
import Scheduling

/// One thread's part of a left side whose rows are only looked for in the right one.
final class JoinMarkSink: LocalSink {
    let marks: JoinMarks
    private let work: JoinWork
    private let table: JoinTable
    private let profile: OperatorProfile
    private let context: QueryContext
    private let reservation: MemoryReservation

    /// - Errors: `SCH-202` when the marks find no memory.
    init(_ work: JoinWork, _ table: JoinTable, _ profile: OperatorProfile, _ context: QueryContext) throws {
        reservation = try context.memory.reserve(table.rows.rowCount, for: "join")
        marks = JoinMarks(count: table.rows.rowCount)
        self.work = work
        self.table = table
        self.profile = profile
        self.context = context
    }

    func consume(_ batch: Batch) throws -> Demand {
        var probe = JoinProbe(batch, work, table, marks, (profile, context))
        return try probe.run { _ in .more }
    }
}
