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
    /// Random rows in many batches: a key with nulls, a text of unlike length, a number, a list.
    struct Rows {
        var batches: [Batch] = []
        static let schema = Schema([
            Field("key", .long), Field("text", .string), Field("number", .decimal(precision: 15, scale: 2)),
            Field("list", .list(Field("element", .int))),
        ])

        init(seed: UInt64, count: Int, keys: Int64) {
            var random = SeededGenerator(seed: seed)
            for start in stride(from: 0, to: count, by: 1000) {
                let rows = min(1000, count - start)
                let keys = (0..<rows).map { _ in
                    Int.random(in: 0..<50, using: &random) == 0
                        ? Scalar.null : .long(Int64.random(in: 0..<keys, using: &random))
                }
                let texts = (0..<rows).map { _ -> Scalar in
                    let word = "x\(Int.random(in: 0..<99, using: &random))"
                    return .string(String(repeating: word, count: Int.random(in: 0..<9, using: &random)))
                }
                let numbers = (0..<rows).map { _ in
                    Scalar.long(Int64.random(in: -9999...9999, using: &random))
                }
                let lists = (0..<rows).map { row in
                    row % 7 == 0 ? Scalar.null : Scalar.list([Scalar](repeating: .int(7), count: row % 3))
                }
                let columns = zip(Self.schema.fields, [keys, texts, numbers, lists]).map {
                    Column($0.type, $1)
                }
                batches.append(Batch(schema: Self.schema, columns: columns, rowCount: rows))
            }
        }
    }

    private func area() throws -> (TemporaryDirectory, SpillArea) {
        let directory = try TemporaryDirectory()
        return (directory, try SpillArea(directory: directory.path + "/spill", limit: 1 << 30))
    }

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
        #expect(area.usedBytes == 0)
    }

    /// The rows, with as much memory as given.
    private func run(
        _ plan: PhysicalPlan, memory: Int, _ area: SpillArea?, everything: Bool = false
    ) async throws -> (rows: [[Scalar]], spilled: Int64) {
        let world = World(memory: 1 << 30)
        var context = world.context()
        context.memory = MemoryBudget(ledger: world.ledger, limit: memory)
        context.spill = area
        context.spillsEverything = everything
        context.batchRows = 1000
        let run = try Executor.run(plan, in: context)
        let found = try await run.collect().rows
        return (found, run.profile.operators.reduce(0) { $0 + $1.spilledBytes })
    }

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
        #expect(area.usedBytes == 0)
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
        #expect(area.usedBytes == 0)
        _ = directory
    }

    @Test("a join of ten times its memory gives every pair", arguments: JoinKind.allCases)
    func join(kind: JoinKind) async throws {
        let keys: Int64 = kind == .single ? 1 << 40 : 3000
        let left = Rows(seed: 1, count: 1000, keys: keys)
        let right = Rows(seed: 2, count: 2500, keys: keys)
        let plan = PhysicalPlan.join(
            Join(kind, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)]), left.plan, right.plan)
        let (directory, area) = try area()
        let whole = try await run(plan, memory: 1 << 30, nil)
        let part = try await run(plan, memory: right.byteCount / 10, area)
        #expect(part.spilled > 0)
        #expect(texts(part.rows) == texts(whole.rows))
        let every = try await run(plan, memory: 1 << 30, area, everything: true)
        #expect(texts(every.rows) == texts(whole.rows))
        #expect(area.usedBytes == 0)
        _ = directory
    }

    @Test("rows that all have one key are joined piece by piece", arguments: [JoinKind.inner, .right])
    func oneKey(kind: JoinKind) async throws {
        let left = Rows(seed: 1, count: 4, keys: 1)
        let right = Rows(seed: 2, count: 4000, keys: 1)
        let number = DataType.decimal(precision: 15, scale: 2)
        let plan = PhysicalPlan.join(
            Join(
                kind, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)],
                residual: call(.less, [column(2, number), column(6, number)], .boolean)),
            left.plan, right.plan)
        let (directory, area) = try area()
        let whole = try await run(plan, memory: 1 << 30, nil)
        let part = try await run(plan, memory: right.byteCount / 10, area)
        #expect(part.spilled > 0)
        #expect(texts(part.rows) == texts(whole.rows))
        _ = directory
    }

    @Test("a join that must see all partners of a row at once says when they are too many")
    func refusal() async throws {
        let right = Rows(seed: 2, count: 4000, keys: 1)
        let plan = PhysicalPlan.join(
            Join(.anti, leftKeys: [column(0, .long)], rightKeys: [column(0, .long)]),
            Rows(seed: 1, count: 20, keys: 1).plan, right.plan)
        let (directory, area) = try area()
        await #expect {
            _ = try await run(plan, memory: right.byteCount / 10, area)
        } throws: { ($0 as? SchedulingError)?.code == .memoryExhausted }
        #expect(area.usedBytes == 0)
        _ = directory
    }

    /// Rows without regard to order, and to the last digits of what is added in another order.
    private func texts(_ rows: [[Scalar]]) -> [String] {
        rows.map { row in
            row.map { if case .double(let value) = $0 { "\(Float(value))" } else { "\($0)" } }.joined(
                separator: "|")
        }.sorted()
    }
}

extension SpillTests.Rows {
    var plan: PhysicalPlan { .values(ValueRows(schema: Self.schema, rows: batches.flatMap(\.rows))) }
    var byteCount: Int { batches.reduce(0) { $0 + $1.ownByteCount } }
}
