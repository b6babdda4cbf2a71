import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import Testing

@Suite("Joins")
struct JoinTests {
    /// Rows of an int, a text and a number, with nulls, duplicates and texts of both lengths.
    static func side(_ count: Int, _ generator: inout SeededGenerator, spread: Int32) -> [[Scalar]] {
        (0..<count).map { _ in
            let key = Int32.random(in: 0...spread, using: &generator)
            let text = Int.random(in: 0..<4, using: &generator)
            let texts: [Scalar] = [.string("short"), .string("a text that is long, number 1"), .null]
            return [
                key == 0 ? .null : .int(key),
                text < 3 ? texts[text] : .string("a text that is long, number 2"),
                .int(Int32.random(in: -9...9, using: &generator)),
            ]
        }
    }

    static let types: [DataType] = [.int, .string, .int]

    static func plan(_ rows: [[Scalar]], _ prefix: String) -> PhysicalPlan {
        .values(
            ValueRows(
                schema: Schema(types.enumerated().map { Field("\(prefix)\($0)", $1) }), rows: rows))
    }

    /// Every row with every row, then the padding: what a join means.
    static func model(
        _ join: Join, _ left: [[Scalar]], _ right: [[Scalar]], _ residual: ([Scalar]) -> Bool
    ) -> [[Scalar]] {
        var result: [[Scalar]] = []
        var rightMatched = Set<Int>()
        let keys = join.leftKeys.map { key -> Int in
            if case .column(let index, _) = key { index } else { preconditionFailure("keys are columns") }
        }
        let padding = [Scalar](repeating: .null, count: 3)
        for leftRow in left {
            var isMatched = false
            for (number, rightRow) in right.enumerated() {
                let isEqual = keys.allSatisfy { leftRow[$0] != .null && leftRow[$0] == rightRow[$0] }
                guard isEqual, residual(leftRow + rightRow) else { continue }
                isMatched = true
                rightMatched.insert(number)
                result.append(leftRow + rightRow)
            }
            if !isMatched, join.kind.keepsLeft { result.append(leftRow + padding) }
        }
        if join.kind.keepsRight {
            result += right.indices.filter { !rightMatched.contains($0) }.map { padding + right[$0] }
        }
        return result
    }

    static func texts(_ rows: [[Scalar]]) -> [String] { rows.map { "\($0)" }.sorted() }

    @Test(
        "every kind of join gives what the nested-loop model gives", arguments: 1...8 as ClosedRange<UInt64>)
    func model(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let counts = [0, 1, 3, 40, 90]
        let left = Self.side(counts.randomElement(using: &generator) ?? 0, &generator, spread: 12)
        let right = Self.side(counts.randomElement(using: &generator) ?? 0, &generator, spread: 12)
        let less = call(.less, [column(2, .int), column(5, .int)], .boolean)
        let isLess = { (row: [Scalar]) in row[2].order(comparedTo: row[5]) < 0 }
        for kind in JoinKind.allCases {
            for keys in [[], [0], [1], [0, 1]] {
                for hasResidual in [false, true] {
                    let columns = keys.map { column($0, Self.types[$0]) }
                    let join = Join(
                        kind, leftKeys: columns, rightKeys: columns, residual: hasResidual ? less : nil)
                    let expected = Self.model(join, left, right) { !hasResidual || isLess($0) }
                    let plan = PhysicalPlan.join(join, Self.plan(left, "l"), Self.plan(right, "r"))
                    for batchRows in [Int.max, 7] {
                        let rows = try await World().rows(plan, batchRows: batchRows)
                        #expect(Self.texts(rows) == Self.texts(expected), "\(plan.line), seed \(seed)")
                    }
                }
            }
        }
    }

    @Test("a dictionary of few values is looked up once and gives the same pairs")
    func dictionary() {
        let values = Column(.string, [.string("p"), .string("q"), .string("missing")])
        let indices = (0..<64).map { Int32($0 % 3) }
        let validity = Bitmap((0..<64).map { $0 % 5 != 0 })
        let column = Column(
            .string, count: 64, .dictionary(indices: indices, values: values), validity: validity)
        var index = JoinIndex(types: [.string])
        index.append([Column(.string, [.string("q"), .null, .string("p"), .string("q")])], rowCount: 4)
        index.seal()
        let found = index.find([column], rowCount: 64)
        #expect(found == index.find([column.flattened()], rowCount: 64))
        #expect(found[1] >= 0 && index.members[index.range(of: found[1])] == [0, 3])
        #expect(found[0] == -1 && found[2] == -1 && found[3] >= 0)
    }

    private static func crossing(_ count: Int) -> PhysicalPlan {
        let rows = (0..<count).map { _ in [Scalar.int(1), .string("the same long text for all"), .int(1)] }
        let keys = [column(0, .int)]
        return .join(Join(.inner, leftKeys: keys, rightKeys: keys), plan(rows, "l"), plan(rows, "r"))
    }

    @Test("a join that outgrows the query's memory is refused, and gives its memory back")
    func memory() async throws {
        let world = World(memory: 1 << 20)
        await #expect(throws: SchedulingError.self) { try await world.rows(Self.crossing(2_000)) }
        #expect(world.ledger.reserved == 0)
        let wide = World(memory: 100_000)
        await #expect(throws: SchedulingError.self) { try await wide.rows(Self.crossing(8_000)) }
        #expect(wide.ledger.reserved == 0)
    }

    @Test("a cancelled join stops")
    func cancelled() async throws {
        let world = World()
        world.token.cancel()
        await #expect(throws: SchedulingError.self) { try await world.rows(Self.crossing(10)) }
    }

    @Test("a limit over a join without keys computes little of it")
    func limit() async throws {
        let rows = (0..<8_000).map { _ in [Scalar.int(1), .string("the same long text for all"), .int(1)] }
        let cross = PhysicalPlan.join(Join(.inner), Self.plan(rows, "l"), Self.plan(rows, "r"))
        let limited = PhysicalPlan.limit(RowWindow(count: 5), cross)
        #expect(try await World(memory: 32 << 20).rows(limited).count == 5)
    }
}
