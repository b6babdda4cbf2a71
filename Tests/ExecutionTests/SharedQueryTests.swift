import Columnar
import Effects
import Kernels
import Plans
import Scheduling
import Synchronization
import TestKit
import Testing

@testable import Execution

@Suite("Shared queries")
struct SharedQueryTests {
    private static let schema = Schema([Field("n", .long), Field("r", .double)])
    private static let reader = PhysicalPlan.shared(SharedRows(id: 1, schema: schema))
    private static let keys = [column(0, .long), column(1, .double)]

    /// Rows that no second computation gives.
    private static func random(_ count: Int) -> PhysicalPlan {
        let numbers = Column(.long, (0..<count).map { .long(Int64($0)) })
        return .project(
            Projection([column(0, .long), call(.random, [], .double)], names: ["n", "r"]),
            .table([("n", numbers)]))
    }

    private static func both(_ query: PhysicalPlan, _ body: PhysicalPlan) -> PhysicalPlan {
        .sharing(ids: [1], queries: [query], body: body)
    }

    /// The rows, after a journey of the plan through its encoding.
    private func rows(_ plan: PhysicalPlan, batchRows: Int = .max) async throws -> [[Scalar]] {
        let decoded = try PhysicalPlan(encoded: plan.encoded)
        return try await Executor.run(decoded, in: context(World(), batchRows: batchRows)).collect().rows
    }

    private func context(_ world: World, batchRows: Int) -> QueryContext {
        var context = world.context(batchRows: batchRows)
        context.kernels.randomness = SeededRandomness(seed: 7)
        return context
    }

    private static let joined = PhysicalPlan.join(
        Join(.inner, leftKeys: keys, rightKeys: keys), reader, reader)

    @Test("both sides of a join see the same rows", arguments: [1, 7, .max])
    func same(batchRows: Int) async throws {
        let rows = try await rows(Self.both(Self.random(500), Self.joined), batchRows: batchRows)
        #expect(rows.count == 500)
        #expect(rows.allSatisfy { $0[1] == $0[3] })
    }

    @Test("it is computed once, on one thread too, and gives its memory back")
    func once() async throws {
        let world = World()
        var context = context(world, batchRows: 50)
        context.morsels = MorselPool(threads: 1)
        let plan = Self.both(Self.random(500), .union([Self.joined, Self.joined]))
        do {
            let run = try Executor.run(plan, in: context)
            #expect(try await run.collect().rowCount == 1000)
            let counts = run.profile.operators.map(\.rowCount)
            // Sharing, the query and its input; the union; two joins of two readers.
            #expect(counts == [1000, 500, 500, 1000, 500, 500, 500, 500, 500, 500])
        }
        #expect(try await world.ledger.drains())
    }

    @Test("what memory does not hold goes to disk, and is read there by all")
    func spills() async throws {
        let (directory, area) = try SpillWorld.area()
        let input = SpillRows(seed: 5, count: 20_000, keys: 3000)
        let reader = PhysicalPlan.shared(SharedRows(id: 1, schema: SpillRows.schema))
        let plan = Self.both(input.plan, .union([reader, reader]))
        let part = try await SpillWorld.run(plan, memory: input.byteCount / 10, area)
        #expect(part.rootSpilled > 0)
        #expect(part.rows == input.batches.flatMap(\.rows) + input.batches.flatMap(\.rows))
        let every = try await SpillWorld.run(plan, memory: 1 << 30, area, everything: true)
        #expect(every.rows == part.rows)
        #expect(try await SpillWorld.isEmptied(area))
        withExtendedLifetime(directory) {}
    }

    @Test("a reader that ends early leaves the rows to the others, and none computes more than is asked for")
    func early() async throws {
        let schema = RecursionTests.schema
        let reader = PhysicalPlan.shared(SharedRows(id: 1, schema: schema))
        // Without end.
        let plan = PhysicalPlan.sharing(
            ids: [1], queries: [RecursionTests.counting(below: nil)],
            body: .union([
                .limit(RowWindow(count: 2), reader), .limit(RowWindow(count: 5), reader),
                .limit(RowWindow(count: 3), reader),
            ]))
        let rows = try await World().rows(plan)
        #expect(rows == ([1, 2] + (1...5) + (1...3)).map { [.long(Int64($0))] })
    }

    @Test("the last reader to end frees the rows")
    func freed() async throws {
        let world = World()
        let context = world.context()
        let batch = Batch(
            schema: Self.schema,
            columns: [Column(.long, [.long(1)]), Column(.double, [.double(2)])], rowCount: 1)
        func readers() throws -> ([SharedSource], () -> Bool) {
            let query = try SharedQuery(BatchesSource(context) { [batch, batch] }, context)
            let sources = (0..<2).map { _ in SharedSource(query, Self.schema) }
            return (sources, { [weak query] in query == nil })
        }
        let (sources, isFreed) = try readers()
        for (index, source) in sources.enumerated() {
            #expect(!isFreed())
            var count = 0
            while try await source.next() != nil { count += 1 }
            #expect(count == 2, "reader \(index)")
            #expect(try await source.next() == nil)
        }
        #expect(isFreed())
        #expect(try await world.ledger.drains())
    }

    @Test("a query that fails fails all its readers")
    func fails() async throws {
        let divided = PhysicalPlan.project(
            Projection([call(.divide, [literal(1), literal(0)], .int)], names: ["n"]),
            .table([("n", Column(.long, [.long(1)]))]))
        let reader = PhysicalPlan.shared(SharedRows(id: 1, schema: divided.schema))
        for body in [reader, .union([reader, reader])] {
            await #expect(throws: KernelError.self) { _ = try await World().rows(Self.both(divided, body)) }
        }
    }

    @Test("a cancelled query stops computing it")
    func cancelled() async throws {
        let world = World()
        let reader = PhysicalPlan.shared(SharedRows(id: 1, schema: RecursionTests.schema))
        let plan = PhysicalPlan.sharing(
            ids: [1], queries: [RecursionTests.counting(below: nil)], body: .union([reader, reader]))
        do {
            let run = try Executor.run(plan, in: world.context())
            _ = try await run.next()
            run.cancel()
            await #expect(throws: (any Error).self) { while try await run.next() != nil {} }
        }
        #expect(try await world.ledger.drains())
    }

    @Test("rounds of a recursion read one computation, or each its own where it reads their rows")
    func recursion() async throws {
        let long = Field("n", .long)
        let working = PhysicalPlan.workingTable(WorkingTable(id: 1, schema: Schema([long])))
        let below = PhysicalPlan.filter(
            call(.less, [column(0, .long), .literal(.long(5), .long)], .boolean), working)
        let next = PhysicalPlan.project(
            Projection([call(.add, [column(0, .long), .literal(.long(1), .long)], .long)], names: ["n"]),
            below)
        let one = PhysicalPlan.table([("n", Column(.long, [.long(1)]))])
        let own = PhysicalPlan.shared(SharedRows(id: 2, schema: Schema([long])))
        let steps = PhysicalPlan.sharing(
            ids: [2], queries: [next],
            body: .join(Join(.semi, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)]), own, own))
        let outer = PhysicalPlan.shared(SharedRows(id: 1, schema: Schema([long])))
        // As many as the shared query has, each round.
        let crossed = PhysicalPlan.project(
            Projection([column(0, .long)], names: ["n"]), .join(Join(.inner), steps, outer))
        let plan = PhysicalPlan.sharing(
            ids: [1], queries: [one],
            body: .recursion(Recursion(id: 1, isDistinct: false), base: outer, step: crossed))
        let run = try Executor.run(
            try PhysicalPlan(encoded: plan.encoded), in: World().context())
        #expect(try await run.collect().rows == (1...5).map { [.long(Int64($0))] })
        #expect(run.profile.operators[1].rowCount == 1)
    }
}
