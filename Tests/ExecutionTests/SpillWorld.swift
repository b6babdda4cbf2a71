import Columnar
import Effects
import Execution
import Plans
import Scheduling
import TestKit

@testable import Execution

/// Random rows in many batches: a key with nulls, a text of unlike length, a number, a list.
struct SpillRows {
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

    var plan: PhysicalPlan { .values(ValueRows(schema: Self.schema, rows: batches.flatMap(\.rows))) }
    var byteCount: Int { batches.reduce(0) { $0 + $1.ownByteCount } }
}

/// Runs plans with little memory and a disk.
enum SpillWorld {
    static let number = DataType.decimal(precision: 15, scale: 2)

    /// The directory lives as long as it is held.
    static func area(limit: Int = 1 << 30) throws -> (TemporaryDirectory, SpillArea) {
        let directory = try TemporaryDirectory()
        return (directory, try SpillArea(directory: directory.path + "/spill", limit: limit))
    }

    /// The rows, with as much memory as given; bytes put aside by all operators, and by the plan's root.
    static func run(
        _ plan: PhysicalPlan, memory: Int, _ area: SpillArea?, everything: Bool = false
    ) async throws -> (rows: [[Scalar]], spilled: Int64, rootSpilled: Int64) {
        let world = World(memory: 1 << 30)
        var context = world.context()
        context.memory = MemoryBudget(ledger: world.ledger, limit: memory)
        context.spill = area
        context.spillsEverything = everything
        context.batchRows = 1000
        let run = try Executor.run(plan, in: context)
        let found = try await run.collect().rows
        let spilled = run.profile.operators.map(\.spilledBytes)
        return (found, spilled.reduce(0, +), spilled[0])
    }

    /// Whether nothing is on disk; a thread of the pool may still be letting go of the last morsel.
    static func isEmptied(_ area: SpillArea) async throws -> Bool {
        try await eventually { area.usedBytes == 0 }
    }

    /// Rows without regard to order, and to the last digits of what is added in another order.
    static func texts(_ rows: [[Scalar]]) -> [String] { lines(rows).sorted() }

    static func lines(_ rows: [[Scalar]]) -> [String] {
        rows.map { row in
            row.map { if case .double(let value) = $0 { "\(Float(value))" } else { "\($0)" } }.joined(
                separator: "|")
        }
    }
}
