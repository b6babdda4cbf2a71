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
/// When memory does not hold the keys, the rest of the rows goes to disk.
final class RowNumberSource: MorselSource {
    private struct State {
        var counter: RowCounter
        let allowance: SpillAllowance
        var isFull = false
        var spill: RowNumberSpill?
    }
    private let input: any MorselSource
    private let keys: [Expression]
    private let schema: Schema
    private let context: QueryContext
    private let state: Mutex<State>

    init(
        _ keys: [Expression], _ input: any MorselSource, _ schema: Schema, _ context: QueryContext
    ) throws {
        self.keys = keys
        self.input = input
        self.schema = schema
        self.context = context
        state = Mutex(
            State(
                counter: RowCounter(keys.map(\.type)),
                allowance: try SpillAllowance(context, for: "row numbers")))
    }

    /// The order of the rows is what is numbered.
    var isSequential: Bool { true }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        if let spill = try await spilled() { return try await next(spill) }
        guard let morsel = try await input.next() else { return nil }
        return Morsel { [self] emit in
            try morsel.run { batch in
                try emit(number(batch))
            }
        }
    }

    private func number(_ batch: Batch) throws -> Batch {
        let dense = batch.dense()
        let columns = try context.evaluator.evaluate(keys, over: dense)
        let numbers = try state.withLock { state -> [Int64] in
            let numbers = state.counter.number(columns, rowCount: dense.rowCount)
            let bytes = state.counter.byteCount
            if bytes > state.allowance.reservation.bytes || state.allowance.isForced {
                state.isFull = try !state.allowance.hold(bytes + bytes / 4)
            }
            return numbers
        }
        let column = Column(.long, count: numbers.count, .int64(numbers))
        return Batch(schema: schema, columns: dense.columns + [column], rowCount: dense.rowCount)
    }

    /// All rows still to come, on disk, when memory is used up.
    private func spilled() async throws -> RowNumberSpill? {
        let (spill, isFull, counter) = state.withLock { ($0.spill, $0.isFull, $0.counter) }
        guard isFull, spill == nil else { return spill }
        let made = try await context.compute { [self] in
            try RowNumberSpill(keys, schema, counter, context)
        }
        try state.withLock { state in
            state.counter = RowCounter(keys.map(\.type))
            try state.allowance.release()
            state.spill = made
        }
        while let morsel = try await input.next() {
            try await context.compute { [context] in
                try morsel.run { batch in
                    try context.check()
                    try made.append(batch)
                    return .more
                }
            }
        }
        try await context.compute { try made.finish() }
        return made
    }

    private func next(_ spill: RowNumberSpill) async throws -> Morsel? {
        guard let batch = try await context.compute({ try spill.next() }) else { return nil }
        return Morsel([batch])
    }
}
