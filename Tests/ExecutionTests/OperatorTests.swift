import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import Testing

struct OperatorTests {
    /// 500 rows: a small key with nulls, a text, a number.
    static func input(seed: UInt64) -> (plan: PhysicalPlan, rows: [[Scalar]]) {
        var generator = SeededGenerator(seed: seed)
        let count = 500
        let keys = (0..<count).map { _ -> Scalar in
            let key = Int32.random(in: 0..<8, using: &generator)
            return key == 7 ? .null : .int(key)
        }
        let texts = (0..<count).map { _ in
            Scalar.string("carrier number \(Int.random(in: 0..<3, using: &generator))")
        }
        let values = (0..<count).map { _ -> Scalar in
            let value = Int64.random(in: -50..<50, using: &generator)
            return value == 0 ? .null : .long(value)
        }
        let plan = PhysicalPlan.table([
            ("k", Column(.int, keys)), ("t", Column(.string, texts)), ("v", Column(.long, values)),
        ])
        return (plan, (0..<count).map { [keys[$0], texts[$0], values[$0]] })
    }

    /// In one order, whatever the order they came in.
    func sorted(_ rows: [[Scalar]]) -> [[Scalar]] {
        rows.sorted { left, right in
            for (a, b) in zip(left, right) {
                let order = a.order(comparedTo: b)
                if order != 0 { return order < 0 }
            }
            return false
        }
    }

    func long(_ scalar: Scalar) -> Int64? { if case .long(let value) = scalar { value } else { nil } }

    @Test(arguments: [UInt64](1...4), [1, 7, Int.max])
    func groupsAreFoldedLikeTheModel(_ seed: UInt64, _ batchRows: Int) async throws {
        let (input, rows) = Self.input(seed: seed)
        let plan = PhysicalPlan.aggregate(
            Aggregation(
                keys: [column(0, .int), column(1, .string)],
                calls: [
                    AggregateCall(.countAll, [], type: .long),
                    AggregateCall(.sum, [column(2, .long)], type: .long),
                    AggregateCall(.count, [column(2, .long)], type: .long, isDistinct: true),
                    AggregateCall(
                        .maximum, [column(2, .long)], type: .long,
                        filter: call(.less, [column(2, .long), .literal(.long(10), .long)], .boolean)),
                ], names: ["k", "t", "n", "s", "d", "m"]), input)
        var model: [[Scalar]: [Int64?]] = [:]
        for row in rows { model[[row[0], row[1]], default: []].append(long(row[2])) }
        let expected = model.map { key, values -> [Scalar] in
            let present = values.compactMap { $0 }
            return key + [
                .long(Int64(values.count)), present.isEmpty ? .null : .long(present.reduce(0, +)),
                .long(Int64(Set(present).count)), present.filter { $0 < 10 }.max().map { .long($0) } ?? .null,
            ]
        }
        let got = try await World().rows(plan, batchRows: batchRows)
        #expect(sorted(got) == sorted(expected))
    }

    @Test func aggregatesWithoutKeysHaveOneRow() async throws {
        let empty = PhysicalPlan.filter(.false, Self.input(seed: 1).plan)
        let calls = [
            AggregateCall(.countAll, [], type: .long), AggregateCall(.sum, [column(2, .long)], type: .long),
        ]
        let whole = PhysicalPlan.aggregate(Aggregation(keys: [], calls: calls, names: ["n", "s"]), empty)
        #expect(try await World().rows(whole) == [[.long(0), .null]])
        let grouped = PhysicalPlan.aggregate(
            Aggregation(keys: [column(0, .int)], calls: calls, names: ["k", "n", "s"]), empty)
        #expect(try await World().rows(grouped).isEmpty)
        let distinct = PhysicalPlan.aggregate(
            Aggregation(keys: [column(1, .string)], calls: [], names: ["t"]), Self.input(seed: 1).plan)
        #expect(try await World().rows(distinct).count == 3)
    }

    @Test(arguments: [UInt64](1...4), [1, 64, Int.max])
    func filterProjectSortAndLimitCompose(_ seed: UInt64, _ batchRows: Int) async throws {
        let (input, rows) = Self.input(seed: seed)
        let positive = call(.greater, [column(2, .long), .literal(.long(0), .long)], .boolean)
        let projected = PhysicalPlan.project(
            Projection([call(.upper, [column(1, .string)], .string), column(2, .long)], names: ["u", "v"]),
            .filter(positive, input))
        let keys = [SortKey(column(1, .long), isDescending: true), SortKey(column(0, .string))]
        let expected = rows.compactMap { row -> [Scalar]? in
            guard let value = long(row[2]), value > 0, case .string(let text) = row[1] else { return nil }
            return [.string(text.uppercased()), .long(value)]
        }.sorted { left, right in
            let order = left[1].order(comparedTo: right[1])
            return order != 0 ? order > 0 : left[0].order(comparedTo: right[0]) < 0
        }
        let world = World()
        #expect(try await world.rows(.sort(keys, projected), batchRows: batchRows) == expected)
        #expect(
            try await world.rows(.topN(keys, offset: 5, count: 20, projected), batchRows: batchRows)
                == Array(expected[5..<25]))
        #expect(
            try await world.rows(
                .limit(RowWindow(offset: 3, count: 4), .sort(keys, projected)), batchRows: batchRows)
                == Array(expected[3..<7]))
        #expect(
            try await world.rows(.limit(RowWindow(offset: 0, count: 0), projected), batchRows: batchRows)
                .isEmpty)
        #expect(try await world.rows(.topN(keys, offset: 10_000, count: 5, projected)).isEmpty)
        let both = PhysicalPlan.union([projected, projected])
        #expect(try await world.rows(both, batchRows: batchRows).count == 2 * expected.count)
    }

    @Test func aTopNOverManyRowsCutsOnTheWay() async throws {
        let count = 40_000
        let values = Column(.long, count: count, .int64((0..<count).map { Int64(($0 * 7919) % count) }))
        let plan = PhysicalPlan.topN(
            [SortKey(column(0, .long))], offset: 0, count: 3, PhysicalPlan.table([("v", values)]))
        #expect(try await World(memory: 2 << 20).rows(plan) == [[.long(0)], [.long(1)], [.long(2)]])
    }

    @Test("the ties of a limit's last row come too, in any number of batches", arguments: [1, 8192])
    func ties(batchRows: Int) async throws {
        let count = batchRows == 1 ? 300 : 60_000
        let values = Column(.long, count: count, .int64((0..<count).map { Int64(($0 * 7919) % count / 100) }))
        let table = PhysicalPlan.table([("v", values)])
        for (limit, expected) in [(1, 100), (100, 100), (101, 200), (count, count)] {
            let plan = PhysicalPlan.topN(
                [SortKey(column(0, .long))], offset: 0, count: limit, keepsTies: true, table)
            let rows = try await World(memory: 8 << 20).rows(plan, batchRows: batchRows)
            #expect(rows == (0..<expected).map { [.long(Int64($0 / 100))] })
        }
    }

    @Test(arguments: [UInt64(1)])
    func aCutTopNIsTheStartOfTheSort(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let count = 36_000
        let texts = (0..<count).map { _ -> Scalar in
            let number = Int.random(in: 0..<400, using: &generator)
            return number < 5 ? .null : .string("a carrier with a name \(number)")
        }
        let ids = (0..<count).map { Scalar.int(Int32($0)) }
        let input = PhysicalPlan.table([("t", Column(.string, texts)), ("id", Column(.int, ids))])
        for (descending, nullsFirst) in [(true, false), (false, true)] {
            let keys = [
                SortKey(column(0, .string), isDescending: descending, nullsFirst: nullsFirst),
                SortKey(column(1, .int)),
            ]
            // Without the journey through text: this many rows would spend the test there.
            let context = World(memory: 1 << 30).context()
            let top = try await Executor.run(.topN(keys, offset: 7, count: 30, input), in: context).collect()
                .rows
            let all = try await Executor.run(
                .limit(RowWindow(offset: 7, count: 30), .sort(keys, input)), in: context
            ).collect().rows
            #expect(top == all && top.count == 30)
        }
    }

    @Test func memoryIsRefusedWithAClearError() async throws {
        let count = 20_000
        let values = Column(.long, count: count, .int64((0..<Int64(count)).map { $0 }))
        let input = PhysicalPlan.table([("v", values)])
        let world = World(memory: 100_000)
        for plan in [
            PhysicalPlan.sort([SortKey(column(0, .long))], input),
            .aggregate(Aggregation(keys: [column(0, .long)], calls: [], names: ["v"]), input),
        ] {
            do {
                _ = try await world.rows(plan)
                Issue.record("no error")
            } catch let error as SchedulingError {
                #expect(error.code == .memoryExhausted)
            }
            #expect(try await world.ledger.drains())
        }
    }

    @Test func cancellationAndDeadlinesStopTheRun() async throws {
        let world = World()
        let run = try Executor.run(Self.input(seed: 1).plan, in: world.context())
        run.cancel()
        await #expect(throws: SchedulingError.self) { try await run.next() }
        var late = World().context()
        late.token = CancellationToken()
        late.token.giveUp(atNanoseconds: 0, on: LiveClock())
        let second = try Executor.run(Self.input(seed: 1).plan, in: late)
        do {
            _ = try await second.next()
            Issue.record("no error")
        } catch let error as SchedulingError {
            #expect(error.code == .deadlineExceeded)
        }
    }

    @Test func theProfileCountsRows() async throws {
        let run = try Executor.run(
            .limit(
                RowWindow(count: 5),
                .filter(call(.isNotNull, [column(0, .int)], .boolean), Self.input(seed: 1).plan)),
            in: World().context())
        _ = try await run.collect()
        #expect(run.profile.operators.map(\.rowCount)[0] == 5)
        #expect(run.profile.operators.map(\.rowCount)[2] == 500)
        #expect(run.profile.text.contains("Limit: count=5 [rows=5, batches=1, ms="))
    }
}
