import Columnar
import Scheduling
import Synchronization

/// Unnests rows that stand in the plan, as `FROM generate_series(1, 1000000000)` does, a piece at a time.
///
/// One row may make any number of rows, so a batch is no morsel here: each morsel makes a bounded number of rows, and
/// whoever wants no more of them asks for no further morsel.
final class ValuesUnnestSource: MorselSource {
    /// Enough for a thread to be worth waking, little enough to be held in memory.
    private static let morselRows = 16 * Batch.capacity

    private let input: any MorselSource
    private let work: UnnestWork
    private let context: QueryContext
    private let current = Mutex<(lists: UnnestedLists, cursor: UnnestCursor)?>(nil)

    init(input: any MorselSource, work: UnnestWork, context: QueryContext) {
        self.input = input
        self.work = work
        self.context = context
    }

    var isSequential: Bool { true }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        while true {
            if let morsel = cut() { return morsel }
            guard let morsel = try await input.next() else { return nil }
            let lists = try await context.compute { [context, work] in
                var batches: [Batch] = []
                try morsel.run { batch in
                    batches.append(batch)
                    return .more
                }
                let whole = Batch.concatenate(batches, schema: work.input)
                return try work.lists(of: whole, context.evaluator)
            }
            current.withLock { $0 = (lists, lists.cursor) }
        }
    }

    private func cut() -> Morsel? {
        let piece = current.withLock { current -> (UnnestedLists, UnnestCursor)? in
            guard let (lists, start) = current, !start.isAtEnd else { return nil }
            current?.cursor.skip(Self.morselRows)
            return (lists, start)
        }
        guard let (lists, start) = piece else { return nil }
        return Morsel { [work, context] emit in
            _ = try work.run(lists, from: start, atMost: Self.morselRows) { part in
                try context.check()
                return try emit(part)
            }
        }
    }
}
