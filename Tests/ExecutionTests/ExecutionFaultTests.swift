import Columnar
import Execution
import Foundation
import Plans
import TestKit
import Testing

@testable import Execution

/// Faults of plans and of the disk that no statement alone brings about.
@Suite("Faults of a run")
struct ExecutionFaultTests {
    private static let numbers = PhysicalPlan.table([("n", Column(.long, [.long(1), .long(2)]))])

    @Test("a phase of an aggregation that belongs to another process is not run")
    func unsupported() async throws {
        let part = Aggregation(phase: .partial, keys: [column(0, .long)], calls: [], names: ["n"])
        let error = await #expect(throws: ExecutionError.self) {
            try await World().rows(.aggregate(part, Self.numbers))
        }
        #expect(error?.code == .unsupported)
    }

    @Test("a working table outside of its recursion is not run")
    func inconsistentPlan() async throws {
        let schema = Schema([Field("n", .long)])
        let error = await #expect(throws: ExecutionError.self) {
            try await World().rows(.workingTable(WorkingTable(id: 1, schema: schema)))
        }
        #expect(error?.code == .inconsistentPlan)
    }

    @Test("a place for rows put aside that is no directory is refused")
    func spillFailedAtTheStart() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/file"
        #expect(FileManager.default.createFile(atPath: path, contents: Data()))
        let error = #expect(throws: ExecutionError.self) {
            _ = try SpillArea(directory: path, limit: 1 << 20)
        }
        #expect(error?.code == .spillFailed)
    }

    @Test("a directory that goes away fails the query that puts rows aside, and takes nothing")
    func spillFailedInARun() async throws {
        let (directory, area) = try SpillWorld.area()
        try FileManager.default.removeItem(atPath: directory.path + "/spill")
        let rows = SpillRows(seed: 5, count: 5000, keys: 5000)
        let plan = PhysicalPlan.sort([SortKey(column(0, .long))], rows.plan)
        let error = await #expect(throws: ExecutionError.self) {
            _ = try await SpillWorld.run(plan, memory: 100_000, area)
        }
        #expect(error?.code == .spillFailed)
        #expect(try await SpillWorld.isEmptied(area))
    }
}
