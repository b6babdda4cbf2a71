import Columnar
import Effects
import Execution
import Foundation
import Kernels
import Plans
import Scheduling
import TestKit
import Testing

@testable import Execution

/// Answers of a plan that memory holds, and of the same plan with a tenth of it and a disk.
@Suite("Rows that memory does not hold")
struct SpillTests {
    typealias Rows = SpillRows

    private func area() throws -> (TemporaryDirectory, SpillArea) { try SpillWorld.area() }

    @Test("a batch comes back from a file as it went, and a changed bit is noticed")
    func file() throws {
        let (directory, area) = try area()
        let file = try area.makeFile()
        let rows = Rows(seed: 3, count: 3000, keys: 50)
        let blocks = try rows.batches.map { try file.write($0) }
        for (block, batch) in zip(blocks, rows.batches) {
            #expect(try file.read(block, schema: Rows.schema).rows == batch.rows)
        }
        #expect(area.usedBytes == file.byteCount)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path + "/spill") == [])
        #expect {
            _ = try file.read(blocks[0].moved(by: 1), schema: Rows.schema)
        } throws: { ($0 as? ExecutionError)?.code == .spillCorrupt }
    }

    @Test("what an earlier process left is deleted, other files are not")
    func leftovers() throws {
        let directory = try TemporaryDirectory()
        for name in ["7.spill", "notes.txt"] {
            #expect(FileManager.default.createFile(atPath: directory.path + "/" + name, contents: Data([1])))
        }
        _ = try SpillArea(directory: directory.path, limit: 10)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["notes.txt"])
    }

    @Test("a full disk is a fault that says so, and nothing stays taken")
    func full() async throws {
        let directory = try TemporaryDirectory()
        let area = try SpillArea(directory: directory.path, limit: 100_000)
        let rows = Rows(seed: 5, count: 5000, keys: 5000)
        let plan = PhysicalPlan.sort([SortKey(column(0, .long))], rows.plan)
        await #expect {
            _ = try await run(plan, memory: 100_000, area)
        } throws: { ($0 as? ExecutionError)?.code == .spillFull }
        #expect(try await SpillWorld.isEmptied(area))
    }

    private func run(
        _ plan: PhysicalPlan, memory: Int, _ area: SpillArea?, everything: Bool = false
    ) async throws -> (rows: [[Scalar]], spilled: Int64, rootSpilled: Int64) {
        try await SpillWorld.run(plan, memory: memory, area, everything: everything)
    }

    private func texts(_ rows: [[Scalar]]) -> [String] { SpillWorld.texts(rows) }

    @Test("a sort of ten times its memory gives the rows in order", arguments: [1, 2, 3] as [UInt64])
    func sort(seed: UInt64) async throws {
        let rows = Rows(seed: seed, count: 6000, keys: 200)
        let keys = [
            SortKey(column(0, .long), isDescending: seed == 2, nullsFirst: seed == 1),
            SortKey(column(1, .string)),
            SortKey(column(2, .decimal(precision: 15, scale: 2)), isDescending: true),
            SortKey(column(3, .list(Field("element", .int)))),
        ]
        let (directory, area) = try area()
        for plan in [
            PhysicalPlan.sort(keys, rows.plan), .topN(keys, offset: 300, count: 2500, rows.plan),
        ] {
            let whole = try await run(plan, memory: 1 << 30, nil)
            let part = try await run(plan, memory: rows.byteCount / 10, area)
            #expect(part.spilled > 0)
            #expect(part.rows == whole.rows, "seed \(seed)")
            let every = try await run(plan, memory: 1 << 30, area, everything: true)
            #expect(every.rows == whole.rows, "seed \(seed)")
        }
        #expect(try await SpillWorld.isEmptied(area))
        _ = directory
    }

    @Test("an aggregation of ten times its memory gives every group", arguments: [1, 2, 3] as [UInt64])
    func aggregation(seed: UInt64) async throws {
        let rows = Rows(seed: seed, count: 6000, keys: 4000)
        let number = column(2, .decimal(precision: 15, scale: 2))
        let calls = [
            AggregateCall(.countAll, [], type: .long),
            AggregateCall(.sum, [number], type: .decimal(precision: 38, scale: 2)),
            AggregateCall(.average, [number], type: .decimal(precision: 38, scale: 6)),
            AggregateCall(.minimum, [column(1, .string)], type: .string),
            AggregateCall(.maximum, [number], type: number.type),
            AggregateCall(.count, [column(1, .string)], type: .long, isDistinct: true),
            AggregateCall(.median, [number], type: .double),
            AggregateCall(.deviationSample, [number], type: .double),
            AggregateCall(.approximateDistinct, [column(1, .string)], type: .long),
        ]
        let plan = PhysicalPlan.aggregate(
            Aggregation(
                keys: [column(0, .long)], calls: calls, names: ["k"] + calls.indices.map { "c\($0)" }),
            rows.plan)
        let (directory, area) = try area()
        let whole = try await run(plan, memory: 1 << 30, nil)
        let part = try await run(plan, memory: 256 << 10, area)
        #expect(part.spilled > 1 << 20)
        #expect(texts(part.rows) == texts(whole.rows), "seed \(seed)")
        let every = try await run(plan, memory: 1 << 30, area, everything: true)
        #expect(every.spilled > 0)
        #expect(texts(every.rows) == texts(whole.rows), "seed \(seed)")
        #expect(try await SpillWorld.isEmptied(area))
        _ = directory
    }
}
