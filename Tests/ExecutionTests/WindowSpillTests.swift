import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import TestKit
import Testing

@testable import Execution

/// Windows over partitions that memory does not hold give what they give from memory.
@Suite("Windows beyond memory")
struct WindowSpillTests {
    private static let types: [DataType] = [.long, .int, .int, .long, .string]

    /// A number, a partition with nulls, an order with ties, a value with nulls, a text; sorted.
    private static func rows(seed: UInt64, count: Int, partitions: Int32, orders: Int32) -> PhysicalPlan {
        var generator = SeededGenerator(seed: seed)
        let rows = (0..<count).map { number -> [Scalar] in
            let partition = Int32.random(in: 0..<partitions, using: &generator)
            let value = Int64.random(in: -40..<40, using: &generator)
            return [
                .long(Int64(number)), partition == 0 ? .null : .int(partition),
                .int(Int32.random(in: 0..<orders, using: &generator)), value < -30 ? .null : .long(value),
                .string("text \(value * value)"),
            ]
        }
        let table = PhysicalPlan.table(
            types.enumerated().map { index, type in ("c\(index)", Column(type, rows.map { $0[index] })) })
        return .sort([SortKey(column(1, .int)), SortKey(column(2, .int)), SortKey(column(0, .long))], table)
    }

    private static func plan(
        _ calls: [WindowCall], partitioned: Bool, order: [SortKey] = [SortKey(column(2, .int))],
        _ input: PhysicalPlan
    ) -> PhysicalPlan {
        .window(
            Windowing(
                partition: partitioned ? [column(1, .int)] : [], order: order, calls: calls,
                names: calls.indices.map { "w\($0)" }), input)
    }

    /// With all memory, with every partition in chunks of three rows, and with so much memory.
    private func check(_ plan: PhysicalPlan, memory: Int?, _ comment: Comment) async throws {
        let (directory, area) = try SpillWorld.area()
        let whole = try await SpillWorld.run(plan, memory: 1 << 30, nil)
        let every = try await SpillWorld.run(plan, memory: 1 << 30, area, everything: true)
        #expect(SpillWorld.lines(every.rows) == SpillWorld.lines(whole.rows), comment)
        #expect(every.rootSpilled > 0, comment)
        if let memory {
            let part = try await SpillWorld.run(plan, memory: memory, area)
            #expect(part.rootSpilled > 0, comment)
            #expect(SpillWorld.lines(part.rows) == SpillWorld.lines(whole.rows), comment)
        }
        #expect(try await SpillWorld.isEmptied(area), comment)
        withExtendedLifetime(directory) {}
    }

    private static func window(_ function: WindowFunction, _ arguments: [Expression], _ type: DataType)
        -> WindowCall
    { WindowCall(.window(function), arguments, type: type) }

    private static func long(_ value: Int64) -> Expression { .literal(.long(value), .long) }

    /// Functions of the place in the partition, and neighbours near and far.
    private static var places: [WindowCall] {
        var calls = [
            window(.rowNumber, [], .long), window(.rank, [], .long), window(.denseRank, [], .long),
            window(.percentRank, [], .double), window(.cumeDist, [], .double),
            window(.ntile, [long(7)], .long), window(.ntile, [long(100_000)], .long),
        ]
        for function in [WindowFunction.lag, .lead] {
            calls.append(window(function, [column(3, .long)], .long))
            calls.append(window(function, [column(4, .string), long(40), literal("none")], .string))
            calls.append(window(function, [column(3, .long), long(-2)], .long))
            var known = window(function, [column(3, .long), long(3)], .long)
            known.ignoresNulls = true
            calls.append(known)
        }
        return calls
    }

    private static func literal(_ text: String) -> Expression { .literal(.string(text), .string) }

    @Test("places in a partition do not depend on its chunks", arguments: [1, 2] as [UInt64])
    func places(seed: UInt64) async throws {
        for (partitions, orders) in [(Int32(3), Int32(900)), (1, 2), (1, 900), (40, 20)] {
            let input = Self.rows(seed: seed, count: 900, partitions: partitions, orders: orders)
            try await check(
                Self.plan(Self.places, partitioned: true, input), memory: partitions == 1 ? 96 << 10 : nil,
                "seed \(seed), \(partitions) partitions")
        }
        let input = Self.rows(seed: seed, count: 900, partitions: 1, orders: 3)
        try await check(
            Self.plan(Self.places, partitioned: false, order: [], input), memory: 96 << 10,
            "seed \(seed), no order")
    }

    /// Aggregates and picks over one frame.
    private static func framed(_ frame: WindowCall) -> [WindowCall] {
        var calls: [WindowCall] = []
        func add(_ function: WindowCall.Function, _ arguments: [Expression], _ type: DataType) {
            var call = frame
            (call.function, call.arguments, call.type) = (function, arguments, type)
            calls.append(call)
        }
        add(.aggregate(.sum), [column(3, .long)], .long)
        add(.aggregate(.average), [column(3, .long)], .double)
        add(.aggregate(.countAll), [], .long)
        add(.aggregate(.count), [column(3, .long)], .long)
        add(.aggregate(.maximum), [column(4, .string)], .string)
        add(.aggregate(.correlation), [column(3, .long), column(0, .long)], .double)
        calls[0].filter = call(.less, [column(3, .long), long(11)], .boolean)
        for function in [WindowFunction.firstValue, .lastValue] {
            add(.window(function), [column(3, .long)], .long)
            add(.window(function), [column(3, .long)], .long)
            calls[calls.count - 1].ignoresNulls = true
        }
        add(.window(.nthValue), [column(3, .long), long(2)], .long)
        return calls
    }

    @Test("frames hold the same rows however a partition is cut", arguments: 1...12 as ClosedRange<UInt64>)
    func frames(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let orders = [Int32(500), 60, 4][Int(seed % 3)]
        let input = Self.rows(seed: seed, count: 500, partitions: seed % 2 == 0 ? 1 : 4, orders: orders)
        let frame = WindowTests.frame(&generator)
        try await check(
            Self.plan(Self.framed(frame), partitioned: true, input), memory: nil,
            "seed \(seed), \(frame.text(over: nil))")
    }

    @Test("frames without end, and all rows alike", arguments: WindowFrame.Unit.allCases)
    func open(unit: WindowFrame.Unit) async throws {
        var calls: [WindowCall] = []
        for (start, end) in [
            (WindowFrame.Bound.unboundedPreceding, WindowFrame.Bound.currentRow),
            (.currentRow, .unboundedFollowing), (.unboundedPreceding, .unboundedFollowing),
            (.currentRow, .currentRow),
        ] {
            var frame = WindowCall(.aggregate(.sum), [], type: .long)
            frame.frame = WindowFrame(unit, start, end)
            calls += Self.framed(frame)
        }
        var distinct = WindowCall(.aggregate(.count), [column(3, .long)], type: .long)
        distinct.isDistinct = true
        calls.append(distinct)
        for orders in [Int32(3), 1000] {
            let input = Self.rows(seed: 5, count: 1500, partitions: 1, orders: orders)
            try await check(
                Self.plan(calls, partitioned: false, input), memory: 1 << 20, "\(unit), \(orders)")
        }
    }

    @Test("a frame of more rows than memory is a fault that names the setting")
    func refusal() async throws {
        var call = WindowCall(.aggregate(.sum), [column(3, .long)], type: .long)
        call.frame = WindowFrame(.rows, .preceding, .following)
        (call.start, call.end) = (Self.long(5000), Self.long(5000))
        let input = Self.rows(seed: 5, count: 5000, partitions: 1, orders: 9)
        let (directory, area) = try SpillWorld.area()
        await #expect {
            _ = try await SpillWorld.run(
                Self.plan([call], partitioned: false, input), memory: 128 << 10, area)
        } throws: { fault in
            let fault = fault as? SchedulingError
            return fault?.code == .memoryExhausted && fault?.hint?.contains("--query-memory") == true
        }
        #expect(try await SpillWorld.isEmptied(area))
        withExtendedLifetime(directory) {}
    }
}
