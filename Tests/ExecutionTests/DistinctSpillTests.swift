import Columnar
import Execution
import Kernels
import Plans
import Scheduling
import TestKit
import Testing

@testable import Execution

/// Distinct arguments, row numbers and recursions beyond memory.
@Suite("Distinct values, row numbers and recursions beyond memory")
struct DistinctSpillTests {
    private static let number = SpillWorld.number

    private func check(
        _ plan: PhysicalPlan, memory: Int, isOrdered: Bool = false, mustSpill: Bool = true, _ comment: Comment
    ) async throws {
        let texts = isOrdered ? SpillWorld.lines : SpillWorld.texts
        let (directory, area) = try SpillWorld.area()
        let whole = try await SpillWorld.run(plan, memory: 1 << 30, nil)
        let part = try await SpillWorld.run(plan, memory: memory, area)
        #expect(part.spilled > 0 || !mustSpill, comment)
        #expect(texts(part.rows) == texts(whole.rows), comment)
        let every = try await SpillWorld.run(plan, memory: 1 << 30, area, everything: true)
        #expect(every.spilled > 0, comment)
        #expect(texts(every.rows) == texts(whole.rows), comment)
        #expect(try await SpillWorld.isEmptied(area), comment)
        withExtendedLifetime(directory) {}
    }

    @Test("DISTINCT counts and adds each value once however few fit into memory", arguments: [0, 1, 2])
    func distinct(keyCount: Int) async throws {
        let rows = SpillRows(seed: UInt64(keyCount + 1), count: 4000, keys: 4)
        // Few groups, of which each has more values than memory holds.
        let wide = call(.add, [column(2, Self.number), column(2, Self.number)], Self.number)
        let calls = [
            AggregateCall(.count, [wide], type: .long, isDistinct: true),
            AggregateCall(.sum, [wide], type: .decimal(precision: 38, scale: 2), isDistinct: true),
            AggregateCall(.count, [wide, column(1, .string)], type: .long, isDistinct: true),
            AggregateCall(
                .count, [wide], type: .long, isDistinct: true,
                filter: call(.isNotNull, [column(0, .long)], .boolean)),
            AggregateCall(.countAll, [], type: .long),
            AggregateCall(.maximum, [column(1, .string)], type: .string),
        ]
        let keys = [column(0, .long), column(3, .list(Field("element", .int)))].prefix(keyCount)
        let plan = PhysicalPlan.aggregate(
            Aggregation(
                keys: Array(keys), calls: calls, names: (0..<keyCount + calls.count).map { "c\($0)" }),
            rows.plan)
        try await check(plan, memory: 128 << 10, "\(keyCount) keys")
    }

    @Test("a list of distinct values in order is whole")
    func list() async throws {
        let rows = SpillRows(seed: 9, count: 3000, keys: 3)
        var call = AggregateCall(
            .arrayAggregate, [column(1, .string)], type: .list(Field("element", .string)), isDistinct: true)
        call.order = [SortKey(column(1, .string), isDescending: true)]
        let plan = PhysicalPlan.aggregate(
            Aggregation(keys: [column(0, .long)], calls: [call], names: ["k", "l"]), rows.plan)
        try await check(plan, memory: 64 << 10, "lists")
    }

    @Test("one group that must be held whole is a fault that names the setting")
    func median() async throws {
        let rows = SpillRows(seed: 9, count: 20_000, keys: 3)
        let (directory, area) = try SpillWorld.area()
        for keys in [[], [literal(1)]] {
            let plan = PhysicalPlan.aggregate(
                Aggregation(
                    keys: keys, calls: [AggregateCall(.median, [column(2, Self.number)], type: .double)],
                    names: keys.map { _ in "k" } + ["m"]), rows.plan)
            await #expect {
                _ = try await SpillWorld.run(plan, memory: 96 << 10, area)
            } throws: { fault in
                let fault = fault as? SchedulingError
                return fault?.code == .memoryExhausted && fault?.hint?.contains("--query-memory") == true
            }
        }
        #expect(try await SpillWorld.isEmptied(area))
        withExtendedLifetime(directory) {}
    }

    @Test("rows are numbered in their order", arguments: [1, 2, 3] as [UInt64])
    func numbers(seed: UInt64) async throws {
        // Few keys fit into any memory.
        let rows = SpillRows(seed: seed, count: 6000, keys: seed == 1 ? 5 : 5000)
        let keys = seed == 3 ? [column(0, .long), column(1, .string)] : [column(0, .long)]
        try await check(
            .numberRows(keys, rows.plan), memory: 24 << 10, isOrdered: true, mustSpill: seed > 1,
            "seed \(seed)")
    }

    @Test("a round of a recursion may be larger than memory")
    func recursion() async throws {
        let schema = SpillRows.schema
        let rows = SpillRows(seed: 4, count: 4000, keys: 4)
        let table = PhysicalPlan.workingTable(WorkingTable(id: 1, schema: schema))
        let fewer = call(.less, [column(0, .long), .literal(.long(3), .long)], .boolean)
        let next = Projection(
            [call(.add, [column(0, .long), .literal(.long(1), .long)], .long)]
                + schema.fields.indices.dropFirst().map { column($0, schema.fields[$0].type) },
            names: schema.fields.map(\.name))
        let plan = PhysicalPlan.recursion(
            Recursion(id: 1, isDistinct: false), base: rows.plan, step: .project(next, .filter(fewer, table)))
        try await check(plan, memory: rows.byteCount / 10, "UNION ALL")
    }
}
