import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Numbers rows with equal keys from one, in the order in which they come.
///
///     keys       a  b  a  a  b
///     numbers    1  1  2  3  2
///
/// - Errors: `SCH-202` when the groups' keys use up the query's memory.
final class RowNumberSource: MorselSource {
    private struct State {
        var table: GroupTable
        /// Rows so far, by group.
        var counts: [Int64] = []
        let reservation: MemoryReservation
    }
    private let input: any MorselSource
    private let keys: [Expression]
    private let schema: Schema
    private let profile: OperatorProfile
    private let context: QueryContext
    private let state: Mutex<State>

    init(
        _ keys: [Expression], _ input: any MorselSource, _ schema: Schema, _ profile: OperatorProfile,
        _ context: QueryContext
    ) throws {
        self.keys = keys
        self.input = input
        self.schema = schema
        self.profile = profile
        self.context = context
        state = Mutex(
            State(
                table: GroupTable(types: keys.map(\.type)),
                reservation: try context.memory.reserve(0, for: "row numbers")))
    }

    /// The order of the rows is what is numbered.
    var isSequential: Bool { true }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { [self] emit in
            try morsel.run { batch in
                let numbered = try profile.timed(context.clock) { try number(batch) }
                profile.gave(numbered.rowCount)
                return try emit(numbered)
            }
        }
    }

    private func number(_ batch: Batch) throws -> Batch {
        let dense = batch.dense()
        let columns = try context.evaluator.evaluate(keys, over: dense)
        let numbers = try state.withLock { state -> [Int64] in
            let groups = state.table.groups(of: columns, rowCount: dense.rowCount)
            state.counts += [Int64](repeating: 0, count: max(0, state.table.count - state.counts.count))
            let numbers = groups.map { group -> Int64 in
                state.counts[Int(group)] &+= 1
                return state.counts[Int(group)]
            }
            let bytes = state.table.byteCount + state.counts.capacity * 8
            if bytes > state.reservation.bytes { try state.reservation.resize(to: bytes + bytes / 4) }
            return numbers
        }
        let column = Column(.long, count: numbers.count, .int64(numbers))
        return Batch(schema: schema, columns: dense.columns + [column], rowCount: dense.rowCount)
    }
}
