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

    /// Every row with every row, then what the kind makes of it; nil for a second partner where one may be.
    static func model(
        _ join: Join, _ left: [[Scalar]], _ right: [[Scalar]], _ residual: ([Scalar]) -> Bool?
    ) -> [[Scalar]]? {
        var result: [[Scalar]] = []
        var rightMatched = Set<Int>()
        let keys = join.leftKeys.map { key -> Int in
            if case .column(let index, _) = key { index } else { preconditionFailure("keys are columns") }
        }
        let padding = [Scalar](repeating: .null, count: 3)
        for leftRow in left {
            var pairs: [[Scalar]] = []
            var isUnknown = false
            for (number, rightRow) in right.enumerated() {
                let isEqual = zip(keys, join.nullsMatch).allSatisfy { key, nullsMatch in
                    (nullsMatch || leftRow[key] != .null) && leftRow[key] == rightRow[key]
                }
                guard isEqual else { continue }
                let passes = residual(leftRow + rightRow)
                if passes == nil { isUnknown = true }
                guard passes == true else { continue }
                rightMatched.insert(number)
                pairs.append(leftRow + rightRow)
            }
            switch join.kind {
            case .semi: if !pairs.isEmpty { result.append(leftRow) }
            case .anti: if pairs.isEmpty { result.append(leftRow) }
            case .rightSemi, .rightAnti: break
            case .mark:
                result.append(
                    leftRow + [!pairs.isEmpty ? .boolean(true) : isUnknown ? .null : .boolean(false)])
            default:
                if join.kind == .single(), pairs.count > 1 { return nil }
                result += pairs
                if pairs.isEmpty, join.kind.keepsLeft { result.append(leftRow + padding) }
            }
        }
        switch join.kind {
        case .rightSemi: result += right.indices.filter { rightMatched.contains($0) }.map { right[$0] }
        case .rightAnti: result += right.indices.filter { !rightMatched.contains($0) }.map { right[$0] }
        case .right, .full:
            result += right.indices.filter { !rightMatched.contains($0) }.map { padding + right[$0] }
        default: break
        }
        return result
    }

    /// Checks one join against the model, in large batches and in small ones.
    static func check(
        _ join: Join, _ left: [[Scalar]], _ right: [[Scalar]], _ seed: UInt64,
        _ residual: ([Scalar]) -> Bool?
    ) async throws {
        let plan = PhysicalPlan.join(join, Self.plan(left, "l"), Self.plan(right, "r"))
        try plan.check()
        if let mirrored = join.mirrored(leftWidth: 3, rightWidth: 3),
            let expected = model(join, left, right, residual)
        {
            let rows = try await World().rows(.join(mirrored, Self.plan(right, "r"), Self.plan(left, "l")))
            let turned = join.kind.givesPairs ? rows.map { Array($0.dropFirst(3) + $0.prefix(3)) } : rows
            #expect(texts(turned) == texts(expected), "mirrored \(plan.line), seed \(seed)")
        }
        for batchRows in [Int.max, 7] {
            guard let expected = model(join, left, right, residual) else {
                let fault = await #expect(throws: ExecutionError.self, "\(plan.line), seed \(seed)") {
                    try await World().rows(plan, batchRows: batchRows)
                }
                #expect(fault?.code == .severalRows)
                continue
            }
            let rows = try await World().rows(plan, batchRows: batchRows)
            #expect(texts(rows) == texts(expected), "\(plan.line), seed \(seed)")
        }
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
        let same = { (row: [Scalar]) -> Bool? in row[0].isNull || row[3].isNull ? nil : row[0] == row[3] }
        for kind in JoinKind.allCases {
            for keys in [[], [0], [1], [0, 1]] {
                let columns = keys.map { column($0, Self.types[$0]) }
                for nullsMatch in [false, true] {
                    var join = Join(
                        kind, leftKeys: columns, rightKeys: columns, nullsMatch: keys.map { _ in nullsMatch })
                    try await Self.check(join, left, right, seed) { _ in true }
                    if kind == .mark {
                        var member = join
                        member.membership = Join.Membership(left: column(0, .int), right: column(0, .int))
                        try await Self.check(member, left, right, seed, same)
                        join.residual = call(.equal, [column(0, .int), column(3, .int)], .boolean)
                        try await Self.check(join, left, right, seed, same)
                    }
                    join.residual = less
                    try await Self.check(join, left, right, seed, isLess)
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
        #expect(try await world.ledger.drains())
        let wide = World(memory: 100_000)
        await #expect(throws: SchedulingError.self) { try await wide.rows(Self.crossing(8_000)) }
        #expect(try await wide.ledger.drains())
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
