import Columnar
import Kernels
import Synchronization
import Testing

@Suite("The last step of aggregates")
struct AggregateFinishTests {
    private static let numbers = Column(
        .long, count: 50_000, .int64((0..<50_000).map { Int64($0 * 7919 % 50_000) }))
    private static let texts = Column(.string, (0..<50_000).map { .string("the text number \($0)") })
    private static let half = Column.constant(.double(0.5), .double, count: 50_000)

    private func state(
        _ function: AggregateFunction, _ columns: [Column], _ result: DataType, order: [SortDirection] = []
    ) throws -> any AggregateState {
        var state = try function.makeState(
            argumentTypes: columns.map(\.type), result: result, order: order)
        try state.update(AggregateRows(arguments: columns, groups: nil, rowCount: columns[0].count))
        return state
    }

    @Test("asks whether the answer is wanted, and ends where it is not")
    func stops() throws {
        let comma = Column.constant(.string(","), .string, count: 50_000)
        let top = DataType.list(
            Field("item", .structure([Field("value", .long), Field("count", .long)])))
        let five = Column.constant(.long(5), .long, count: 50_000)
        let states: [(String, any AggregateState)] = [
            ("string_agg", try state(.stringAggregate, [Self.texts, comma], .string)),
            ("array_agg", try state(.arrayAggregate, [Self.texts], .list(Field("item", .string)))),
            (
                "first_value",
                try state(.firstValue, [Self.texts, Self.numbers], .string, order: [SortDirection()])
            ),
            ("mode", try state(.mode, [Self.numbers], .long)),
            ("approx_top_k", try state(.approximateTop, [Self.numbers, five], top)),
            ("percentile_disc", try state(.percentileDiscrete, [Self.numbers, Self.half], .long)),
            ("percentile_cont", try state(.percentileContinuous, [Self.numbers, Self.half], .double)),
            ("median", try state(.median, [Self.numbers], .double)),
        ]
        for (name, state) in states {
            let counting = Supervisor()
            _ = try state.finish(counting)
            let questions = counting.questions.load(ordering: .relaxed)
            #expect(questions >= 10, "\(name) asks \(questions) times")
            for limit in [0, questions / 2, questions - 1] {
                #expect(
                    code { try state.finish(Supervisor(stopsAfter: limit)) } == .interrupted,
                    "\(name) after \(limit) questions")
            }
        }
    }

    @Test("large values that are picked count in the memory held, until others take their place")
    func pickedValues() throws {
        let text = Column(.string, [.string(String(repeating: "x", count: 1 << 20))])
        let list = Column(.list(Field("element", .string)), [.list([text.scalar(at: 0)])])
        let one = Column(.long, [.long(1)])
        for (function, columns) in [
            (AggregateFunction.argumentMaximum, [text, one]), (.argumentMinimum, [one, text]),
            (.maximum, [list]), (.anyValue, [list]),
        ] {
            var state = try state(function, columns, columns[0].type)
            #expect(state.byteCount > 1 << 20, "\(function)")
            try state.update(AggregateRows(arguments: columns, groups: nil, rowCount: 1))
            #expect(state.byteCount < 2 << 20, "\(function)")
        }
    }

    @Test("a long text asks for memory as it grows")
    func memory() throws {
        let row = String(repeating: "x", count: 1000)
        let texts = Column.constant(.string(row), .string, count: 8192)
        let state = try state(.stringAggregate, [texts], .string)
        #expect(code { try state.finish(Supervisor(memory: 4 << 20)) } == .memoryExhausted)
        let answer = try state.finish(Supervisor(memory: 64 << 20))
        #expect(answer.scalar(at: 0) == .string(String(repeating: "x", count: 8_192_000)))
    }

    @Test("rows that share one long text are kept with one copy of it, and a text of all of them has a limit")
    func sharedTexts() throws {
        let long = Column.constant(.string(String(repeating: "x", count: 1 << 20)), .string, count: 8192)
        let dictionary = Column(
            .string, count: 8192,
            .dictionary(
                indices: (0..<8192).map { Int32($0 % 2) },
                values: Column(
                    .string, ["x", "y"].map { .string(String(repeating: $0, count: 1 << 20)) })))
        for column in [long, dictionary] {
            let list = DataType.list(Field("item", .string))
            #expect(try state(.arrayAggregate, [column], list).byteCount < 4 << 20)
            let first = try state(.firstValue, [column], .string)
            #expect(first.byteCount < 4 << 20)
            #expect(try first.finish().scalar(at: 0) == long.scalar(at: 0))
            #expect(code { try state(.stringAggregate, [column], .string).finish() } == .tooLarge)
            let lists = try state(.arrayAggregate, [column], list).finish()
            #expect(lists.writtenByteCount > 8 << 30)
        }
    }

    @Test("the most frequent values come first, and of equals the smallest")
    func frequencies() throws {
        let values = Column(.long, [3, 1, 2, 3, 1, 9].map { .long($0) } + [.null])
        let two = Column.constant(.long(2), .long, count: 7)
        let top = DataType.list(
            Field("item", .structure([Field("value", .long), Field("count", .long)])))
        #expect(try state(.mode, [values], .long).finish().scalar(at: 0) == .long(1))
        #expect(
            try state(.approximateTop, [values, two], top).finish().scalar(at: 0)
                == .list([
                    .structure([.long(1), .long(2)]), .structure([.long(3), .long(2)]),
                ]))
    }
}

/// Counts the questions, and stops after so many; lends so much memory.
private final class Supervisor: KernelSupervisor {
    let questions = Atomic<Int>(0)
    private let limit: Int
    private let memory: Int

    init(stopsAfter limit: Int = .max, memory: Int = .max) {
        self.limit = limit
        self.memory = memory
    }

    var isStopped: Bool { questions.add(1, ordering: .relaxed).newValue > limit }

    func makeHold() -> (any KernelHold)? { Hold(limit: memory) }

    private final class Hold: KernelHold {
        private let limit: Int
        init(limit: Int) { self.limit = limit }
        func grow(to bytes: Int) -> Bool { bytes <= limit }
    }
}
