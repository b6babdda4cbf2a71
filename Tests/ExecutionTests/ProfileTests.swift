import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import Synchronization
import TestKit
import Testing

@Suite("Profiles of operators")
struct ProfileTests {
    /// Moves its clock a microsecond with each random number: `random()` is an expression of known cost.
    private final class CostlyRandomness: Randomness {
        private let clock: ManualClock
        init(_ clock: ManualClock) { self.clock = clock }
        func next() -> UInt64 {
            clock.advance(microseconds: 1)
            return 0
        }
    }

    /// Goes on a nanosecond whenever it is read.
    private final class TickingClock: Clock {
        private let readings = Atomic<Int64>(0)
        var now: Instant { Instant(microseconds: 0) }
        var monotonicNanoseconds: Int64 { readings.add(1, ordering: .relaxed).newValue }
    }

    private static let long = DataType.long

    private static func numbers(_ count: Int) -> PhysicalPlan {
        .table([("n", Column(.long, (0..<count).map { .long(Int64($0)) }))])
    }

    /// True for every row, and takes a microsecond a row.
    private static let costly = call(
        .less, [call(.random, [], .double), .literal(.double(2), .double)], .boolean)

    /// The time of each operator in microseconds, on one thread.
    private func microseconds(_ plan: PhysicalPlan) async throws -> [Int64] {
        let clock = ManualClock()
        var context = World().context()
        context.morsels = MorselPool(threads: 1)
        context.clock = clock
        context.kernels.randomness = CostlyRandomness(clock)
        let run = try Executor.run(plan, in: context)
        _ = try await run.collect()
        return run.profile.operators.map { $0.computedNanoseconds / 1000 }
    }

    @Test("a join counts the pairs it tries, and its inputs and whoever takes its rows their own")
    func joins() async throws {
        let left = PhysicalPlan.filter(Self.costly, Self.numbers(30))
        let right = PhysicalPlan.filter(Self.costly, Self.numbers(50))
        // The condition, not the keys, is costly: every pair is tried.
        let join = PhysicalPlan.join(Join(.inner, residual: Self.costly), left, right)
        let top = PhysicalPlan.filter(Self.costly, join)
        #expect(try await microseconds(top) == [1500, 1500, 30, 0, 50, 0])
        let hashed = PhysicalPlan.join(
            Join(
                .left, leftKeys: [column(0, Self.long)], rightKeys: [column(0, Self.long)],
                residual: Self.costly), left, right)
        #expect(try await microseconds(.filter(Self.costly, hashed)) == [30, 30, 30, 0, 50, 0])
    }

    @Test("what keeps its rows counts the work on them before it gives the first")
    func drains() async throws {
        let input = PhysicalPlan.filter(Self.costly, Self.numbers(40))
        let random = call(.random, [], .double)
        let sorted = PhysicalPlan.sort([SortKey(random)], input)
        let grouped = PhysicalPlan.aggregate(
            Aggregation(
                keys: [], calls: [AggregateCall(.sum, [random], type: .double)], names: ["s"]), sorted)
        let times = try await microseconds(grouped)
        #expect(times.first == 40 && times.suffix(2) == [40, 0], "\(times)")
        #expect(times[1] >= 40, "\(times)")
    }

    @Test("a recursion's step and a shared query count their rounds and not each other")
    func rounds() async throws {
        let table = PhysicalPlan.workingTable(WorkingTable(id: 1, schema: Schema([Field("n", .long)])))
        let next = call(.add, [column(0, Self.long), .literal(.long(1), .long)], .long)
        let below = call(.less, [column(0, Self.long), .literal(.long(20), .long)], .boolean)
        let step = PhysicalPlan.project(
            Projection([next], names: ["n"]), .filter(call(.and, [Self.costly, below], .boolean), table))
        let recursion = PhysicalPlan.recursion(
            Recursion(id: 1, isDistinct: true), base: Self.numbers(1), step: step)
        let reader = PhysicalPlan.shared(SharedRows(id: 7, schema: recursion.schema))
        let plan = PhysicalPlan.sharing(ids: [7], queries: [recursion], body: .union([reader, reader]))
        // Sharing, recursion, base, project, filter: once for each number, then union and readers.
        #expect(try await microseconds(plan) == [0, 0, 0, 0, 21, 0, 0, 0, 0])
    }

    /// A plan of every operator but scans, which need tables.
    private static let everyOperator: PhysicalPlan = {
        let table = PhysicalPlan.workingTable(WorkingTable(id: 1, schema: Schema([Field("n", .long)])))
        let next = call(.add, [column(0, long), .literal(.long(1), .long)], .long)
        let below = call(.less, [column(0, long), .literal(.long(20), .long)], .boolean)
        let recursion = PhysicalPlan.recursion(
            Recursion(id: 1, isDistinct: true), base: numbers(2),
            step: .project(Projection([next], names: ["n"]), .filter(below, table)))
        let reader = PhysicalPlan.shared(SharedRows(id: 7, schema: Schema([Field("n", .long)])))
        let joined = PhysicalPlan.join(
            Join(.inner, leftKeys: [column(0, long)], rightKeys: [column(0, long)]),
            .union([reader, .join(Join(.semi, residual: below), reader, numbers(3))]), reader)
        let unnested = PhysicalPlan.unnest(
            Unnesting(
                items: [
                    .series(
                        from: column(0, long), to: .literal(.long(5), .long), step: .literal(.long(1), .long),
                        includesEnd: true)
                ], names: ["i"], keepsEmpty: true), joined)
        let expanded = PhysicalPlan.expand(
            Expansion(keys: [column(2, long)], sets: [[0], []], names: ["k", "set"]), unnested)
        let numbered = PhysicalPlan.numberRows([column(0, long)], expanded)
        let windowed = PhysicalPlan.window(
            Windowing(
                partition: [column(0, long)], order: [],
                calls: [WindowCall(.window(.rowNumber), [], type: .long)], names: ["w"]),
            .sort([SortKey(column(0, long))], numbered))
        let top = PhysicalPlan.topN([SortKey(column(0, long))], offset: 0, count: 60, windowed)
        let grouped = PhysicalPlan.aggregate(
            Aggregation(
                keys: [column(0, long)], calls: [AggregateCall(.countAll, [], type: .long)],
                names: ["n", "c"]),
            .limit(RowWindow(count: 50), top))
        return .sharing(ids: [7], queries: [recursion], body: grouped)
    }()

    @Test(
        "every operator counts time, and all of them together no more than went by", arguments: [false, true])
    func complete(spillsEverything: Bool) async throws {
        let (directory, area) = try SpillWorld.area()
        let clock = TickingClock()
        var context = World().context(batchRows: 16)
        context.morsels = MorselPool(threads: 1)
        context.clock = clock
        context.spill = area
        context.spillsEverything = spillsEverything
        let run = try Executor.run(Self.everyOperator, in: context)
        #expect(try await run.collect().rowCount > 0)
        let times = run.profile.operators.map(\.computedNanoseconds)
        #expect(times.allSatisfy { $0 > 0 }, "\(run.profile.text)")
        // Between two things computed on the pool nobody's time goes by, here a reading.
        let passed = clock.monotonicNanoseconds
        let counted = times.reduce(0, +)
        #expect(counted < passed && counted > passed / 2, "\(counted) of \(passed)")
        withExtendedLifetime(directory) {}
    }
}
