import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import Testing

@Suite("Window functions")
struct WindowTests {
    static let rowCount = 400

    /// A number, a partition with nulls, an order with ties, a value with nulls; in any order.
    static func rows(seed: UInt64) -> [[Scalar]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<rowCount).map { number in
            let partition = Int32.random(in: 0..<4, using: &generator)
            let value = Int64.random(in: -40..<40, using: &generator)
            return [
                .long(Int64(number)), partition == 3 ? .null : .int(partition / 2),
                .int(Int32.random(in: 0..<90, using: &generator)), value == 0 ? .null : .long(value),
            ]
        }
    }

    static let types: [DataType] = [.long, .int, .int, .long]

    static func frame(_ generator: inout SeededGenerator) -> WindowCall {
        var call = WindowCall(.aggregate(.sum), [column(3, .long)], type: .long)
        func bound(_ isStart: Bool) -> WindowFrame.Bound {
            let choices: [WindowFrame.Bound] = [
                isStart ? .unboundedPreceding : .unboundedFollowing, .preceding, .currentRow, .following,
            ]
            return choices.randomElement(using: &generator) ?? .currentRow
        }
        let all = WindowFrame.Bound.allCases
        var (start, end) = (bound(true), bound(false))
        if (all.firstIndex(of: start) ?? 0) > (all.firstIndex(of: end) ?? 0) { (start, end) = (end, start) }
        call.frame = WindowFrame(
            WindowFrame.Unit.allCases.randomElement(using: &generator) ?? .rows, start, end,
            exclusion: WindowFrame.Exclusion.allCases.randomElement(using: &generator) ?? .none)
        func offset(_ bound: WindowFrame.Bound) -> Expression? {
            guard bound.hasOffset else { return nil }
            let distance = Int64.random(in: 0..<120, using: &generator)
            if call.frame.unit != .range { return .literal(.long(distance), .long) }
            return .call(
                bound == .preceding ? .subtract : .add,
                [.cast(column(2, .int), to: .long, isTry: false), .literal(.long(distance), .long)], .long)
        }
        call.start = offset(start)
        call.end = offset(end)
        if call.frame.unit == .range, call.start != nil || call.end != nil {
            call.rangeKey = .cast(column(2, .int), to: .long, isTry: false)
        }
        return call
    }

    /// Every frame looked at row by row.
    static func model(_ rows: [[Scalar]], _ call: WindowCall) -> [[Scalar]: [Int]] {
        let sorted = rows.sorted { left, right in
            for place in [1, 2, 0] {
                let (a, b) = (left[place], right[place])
                if a.isNull != b.isNull { return b.isNull }
                let order = a.order(comparedTo: b)
                if order != 0 { return order < 0 }
            }
            return false
        }
        var frames: [[Scalar]: [Int]] = [:]
        for row in sorted {
            let partition = sorted.filter { $0[1] == row[1] }
            let groups = Array(Set(partition.map { key($0) })).sorted()
            let own = partition.firstIndex(of: row) ?? 0
            let group = groups.firstIndex(of: key(row)) ?? 0
            func distance(_ offset: Expression?) -> Int {
                guard let offset else { return 0 }
                let literal = call.frame.unit == .range ? offset.children[1] : offset
                if case .long(let value)? = literal.literalValue { return Int(value) }
                return 0
            }
            func place(_ bound: WindowFrame.Bound, _ offset: Expression?) -> Int? {
                let base: Int =
                    switch call.frame.unit {
                    case .rows: own
                    case .groups: group
                    case .range: key(row)
                    }
                switch bound {
                case .unboundedPreceding: return .min
                case .unboundedFollowing: return .max
                case .currentRow: return base
                case .preceding: return base - distance(offset)
                case .following: return base + distance(offset)
                }
            }
            let (low, high) = (place(call.frame.start, call.start) ?? 0, place(call.frame.end, call.end) ?? 0)
            frames[row] = partition.indices.filter { index in
                let other = partition[index]
                let measured: Int =
                    switch call.frame.unit {
                    case .rows: index
                    case .groups: groups.firstIndex(of: key(other)) ?? 0
                    case .range: key(other)
                    }
                guard measured >= low, measured <= high else { return false }
                switch call.frame.exclusion {
                case .none: return true
                case .currentRow: return index != own
                case .group: return key(other) != key(row)
                case .ties: return index == own || key(other) != key(row)
                }
            }.map { number(partition[$0]) }
        }
        return frames
    }

    static func key(_ row: [Scalar]) -> Int { if case .int(let value) = row[2] { Int(value) } else { 0 } }
    static func number(_ row: [Scalar]) -> Int { if case .long(let value) = row[0] { Int(value) } else { 0 } }

    @Test("every frame of every aggregate is what a row by row model says", arguments: [UInt64](1...16))
    func frames(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed &* 77)
        let rows = Self.rows(seed: seed)
        let sum = Self.frame(&generator)
        let aggregates: [(AggregateFunction, DataType, Bool)] = [
            (.countAll, .long, false), (.count, .long, true), (.maximum, .long, false),
            (.median, .double, false),
            (.sum, .long, true),
        ]
        var calls = [sum]
        for (function, type, isDistinct) in aggregates {
            var call = sum
            call.function = .aggregate(function)
            call.type = type
            call.isDistinct = isDistinct
            if function == .countAll { call.arguments = [] }
            calls.append(call)
        }
        let windowing = Windowing(
            partition: [column(1, .int)], order: [SortKey(column(2, .int)), SortKey(column(0, .long))],
            calls: calls, names: calls.indices.map { "c\($0)" })
        var narrow = windowing
        narrow.order = [SortKey(column(2, .int))]
        let input = PhysicalPlan.table(
            Self.types.enumerated().map { index, type in ("c\(index)", Column(type, rows.map { $0[index] })) }
        )
        // Sorted by the row's number too, so that ROWS has one meaning.
        let plan = PhysicalPlan.window(narrow, .sort(windowing.sortKeys, input))
        let model = Self.model(rows, sum)
        let answers = try await World().rows(plan, batchRows: seed % 2 == 0 ? 50 : .max)
        #expect(answers.count == rows.count)
        for answer in answers {
            let frame = model[Array(answer[..<4])] ?? []
            let values = frame.compactMap { place -> Int64? in
                if case .long(let value) = rows[place][3] { value } else { nil }
            }
            let distinct = Set(values)
            let sorted = values.sorted()
            let middle =
                sorted.isEmpty ? 0 : Double(sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
            let expected: [Scalar] = [
                values.isEmpty ? .null : .long(values.reduce(0, +)), .long(Int64(frame.count)),
                .long(Int64(distinct.count)), values.max().map { .long($0) } ?? .null,
                values.isEmpty ? .null : .double(middle),
                distinct.isEmpty ? .null : .long(distinct.reduce(0, +)),
            ]
            #expect(Array(answer[4...]) == expected, "seed \(seed), \(sum.text(over: nil)), row \(answer)")
            if Array(answer[4...]) != expected { return }
        }
    }

    @Test("a partition larger than the memory is refused, many small ones are not")
    func memory() async throws {
        let count = 60_000
        func plan(_ partition: @escaping (Int) -> Int32) -> PhysicalPlan {
            let input = PhysicalPlan.table([
                ("p", Column(.int, count: count, .int32((0..<count).map(partition)))),
                ("v", Column(.long, count: count, .int64((0..<count).map { Int64($0) }))),
            ])
            return .window(
                Windowing(
                    partition: [column(0, .int)], order: [],
                    calls: [WindowCall(.aggregate(.sum), [column(1, .long)], type: .long)], names: ["s"]),
                input)
        }
        let small = World(memory: 6 << 20)
        let rows = try await small.rows(plan { Int32($0 / 100) })
        #expect(rows.count == count)
        #expect(try await small.ledger.drains())
        await #expect(throws: (any Error).self) {
            _ = try await World(memory: 3 << 20).rows(plan { _ in 1 })
        }
    }
}

extension WindowTests {
    @Test(
        "runs computed side by side keep their order, and an aggregate above sees every row",
        arguments: [1, 100, Int.max])
    func sideBySide(batchRows: Int) async throws {
        let count = batchRows == 1 ? 600 : 40_000
        let input = PhysicalPlan.table([
            ("p", Column(.int, count: count, .int32((0..<count).map { Int32($0 / 37) }))),
            ("v", Column(.long, count: count, .int64((0..<count).map { Int64($0) }))),
        ])
        let plan = PhysicalPlan.window(
            Windowing(
                partition: [column(0, .int)], order: [SortKey(column(1, .long))],
                calls: [WindowCall(.window(.rowNumber), [], type: .long)], names: ["n"]), input)
        let world = World()
        let rows = try await world.rows(plan, batchRows: batchRows)
        #expect(rows.map { $0[1] } == (0..<count).map { .long(Int64($0)) })
        #expect(rows.map { $0[2] } == (0..<count).map { .long(Int64($0 % 37) + 1) })
        let sum = PhysicalPlan.aggregate(
            Aggregation(
                keys: [], calls: [AggregateCall(.sum, [column(2, .long)], type: .long)], names: ["s"]), plan)
        let expected = (0..<count).reduce(Int64(0)) { $0 + Int64($1 % 37) + 1 }
        #expect(try await world.rows(sum, batchRows: batchRows) == [[.long(expected)]])
        #expect(try await world.ledger.drains())
    }
}
