import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import TestKit
import Testing

@Suite("Recursion")
struct RecursionTests {
    static let schema = Schema([Field("n", .long)])

    /// Counts from one as long as the condition holds.
    static func counting(below end: Int64?, isDistinct: Bool = false, step: Int64 = 1) -> PhysicalPlan {
        let table = PhysicalPlan.workingTable(WorkingTable(id: 1, schema: schema))
        let next = call(.add, [column(0, .long), .literal(.long(step), .long)], .long)
        let source = end.map {
            PhysicalPlan.filter(
                call(.less, [column(0, .long), .literal(.long($0), .long)], .boolean), table)
        }
        return .recursion(
            Recursion(id: 1, isDistinct: isDistinct), base: .table([("n", Column(.long, [.long(1)]))]),
            step: .project(Projection([next], names: ["n"]), source ?? table))
    }

    @Test("rounds go on until one gives no rows")
    func rounds() async throws {
        let rows = try await World().rows(Self.counting(below: 50))
        #expect(rows == (1...50).map { [.long(Int64($0))] })
    }

    @Test("one without end is refused, and a LIMIT ends it")
    func endless() async throws {
        let world = World()
        var context = world.context()
        context.recursionRounds = 20
        let error = await #expect(throws: ExecutionError.self) {
            _ = try await Executor.run(Self.counting(below: nil), in: context).collect()
        }
        #expect(error?.code == .endless)
        let limited = PhysicalPlan.limit(RowWindow(count: 5), Self.counting(below: nil))
        #expect(try await Executor.run(limited, in: context).collect().rowCount == 5)
        // Each row once: the second round gives nothing new.
        let circle = Self.counting(below: nil, isDistinct: true, step: 0)
        #expect(try await Executor.run(circle, in: context).collect().rows == [[.long(1)]])
    }

    @Test("a cancelled one stops between rounds")
    func cancelled() async throws {
        let world = World()
        let run = try Executor.run(Self.counting(below: nil), in: world.context())
        _ = try await run.next()
        run.cancel()
        await #expect(throws: (any Error).self) { while try await run.next() != nil {} }
        #expect(world.ledger.limit > 0)
    }
}
