import Columnar
import Execution
import Kernels
import Plans
import Scheduling
import TestKit
import Testing

@testable import Execution

/// Joins whose right side memory does not hold give what they give from memory.
@Suite("Joins beyond memory")
struct JoinSpillTests {
    private static let number = SpillWorld.number
    private static let keys = [column(0, .long)]

    /// With so much memory, with all of it, and with everything put aside.
    private func check(_ plan: PhysicalPlan, memory: Int, _ comment: Comment? = nil) async throws {
        let (directory, area) = try SpillWorld.area()
        let whole = try await SpillWorld.run(plan, memory: 1 << 30, nil)
        let part = try await SpillWorld.run(plan, memory: memory, area)
        #expect(part.spilled > 0, comment)
        #expect(SpillWorld.texts(part.rows) == SpillWorld.texts(whole.rows), comment)
        let every = try await SpillWorld.run(plan, memory: 1 << 30, area, everything: true)
        #expect(SpillWorld.texts(every.rows) == SpillWorld.texts(whole.rows), comment)
        #expect(try await SpillWorld.isEmptied(area), comment)
        withExtendedLifetime(directory) {}
    }

    @Test("a join of ten times its memory gives every pair", arguments: JoinKind.allCases)
    func join(kind: JoinKind) async throws {
        let keys: Int64 = kind == .single() ? 1 << 40 : 3000
        let left = SpillRows(seed: 1, count: 1000, keys: keys)
        let right = SpillRows(seed: 2, count: 2500, keys: keys)
        try await check(
            .join(Join(kind, leftKeys: Self.keys, rightKeys: Self.keys), left.plan, right.plan),
            memory: right.byteCount / 10)
    }

    @Test("rows that all have one key are joined piece by piece", arguments: JoinKind.allCases)
    func oneKey(kind: JoinKind) async throws {
        let left = SpillRows(seed: 1, count: 6, keys: 1)
        let right = SpillRows(seed: 2, count: 2200, keys: 1)
        // A row finds some partners, none, or for `single` one at most.
        let function: ScalarFunction = kind == .single() ? .equal : .less
        let residual = call(function, [column(2, Self.number), column(6, Self.number)], .boolean)
        try await check(
            .join(
                Join(kind, leftKeys: Self.keys, rightKeys: Self.keys, residual: residual),
                kind == .single() ? SpillRows(seed: 1, count: 1, keys: 1).plan : left.plan, right.plan),
            memory: right.byteCount / 10)
    }

    @Test("a join without keys meets its right side block by block", arguments: JoinKind.allCases)
    func noKeys(kind: JoinKind) async throws {
        let left = SpillRows(seed: 3, count: 12, keys: 400)
        let right = SpillRows(seed: 4, count: 2200, keys: 400)
        // Null for rows without a key; true for a few pairs.
        let same = call(.equal, [column(0, .long), column(4, .long)], .boolean)
        let residual = call(
            .and, [same, call(.less, [column(2, Self.number), column(6, Self.number)], .boolean)], .boolean)
        let one = call(
            .equal, [column(2, Self.number), call(.negate, [column(6, Self.number)], Self.number)], .boolean)
        try await check(
            .join(Join(kind, residual: kind == .single() ? one : residual), left.plan, right.plan),
            memory: right.byteCount / 10)
    }

    @Test("membership in a list beyond memory is true, false or unknown", arguments: [0, 1, 2])
    func membership(way: Int) async throws {
        let left = SpillRows(seed: 5, count: 300, keys: 5000)
        let right = SpillRows(seed: 6, count: 2200, keys: 5000)
        var join = Join(.mark)
        join.membership = Join.Membership(left: column(0, .long), right: column(0, .long))
        // Without nulls in the list nothing is unknown but null itself.
        let list: PhysicalPlan =
            way == 0 ? right.plan : .filter(call(.isNotNull, [column(0, .long)], .boolean), right.plan)
        if way == 2 {
            join.leftKeys = [column(1, .string)]
            join.rightKeys = join.leftKeys
            join.nullsMatch = [false]
        }
        try await check(.join(join, left.plan, list), memory: right.byteCount / 10, "way \(way)")
    }

    @Test("a second partner in another piece is still a second partner")
    func severalRows() async throws {
        let left = SpillRows(seed: 1, count: 3, keys: 1)
        let right = SpillRows(seed: 2, count: 2200, keys: 1)
        let least = call(.equal, [column(4, .long), column(4, .long)], .boolean)
        let (directory, area) = try SpillWorld.area()
        for join in [
            Join(.single(), leftKeys: Self.keys, rightKeys: Self.keys), Join(.single(), residual: least),
        ] {
            await #expect {
                _ = try await SpillWorld.run(
                    .join(join, left.plan, right.plan), memory: right.byteCount / 10, area)
            } throws: { ($0 as? ExecutionError)?.code == .severalRows }
        }
        #expect(try await SpillWorld.isEmptied(area))
        withExtendedLifetime(directory) {}
    }

    @Test("a cancelled join ends and leaves nothing on disk", arguments: [JoinKind.inner, .anti])
    func cancellation(kind: JoinKind) async throws {
        let right = SpillRows(seed: 2, count: 2200, keys: 1)
        let world = World(memory: 1 << 30)
        let (directory, area) = try SpillWorld.area()
        var context = world.context()
        context.memory = MemoryBudget(ledger: world.ledger, limit: right.byteCount / 10)
        context.spill = area
        do {
            let run = try Executor.run(
                .join(Join(kind), SpillRows(seed: 1, count: 900, keys: 1).plan, right.plan), in: context)
            if kind == .inner { #expect(try await run.next() != nil) }
            run.cancel()
            await #expect {
                while try await run.next() != nil {}
            } throws: { ($0 as? SchedulingError)?.code == .cancelled }
        }
        #expect(try await SpillWorld.isEmptied(area))
        withExtendedLifetime(directory) {}
    }
}
