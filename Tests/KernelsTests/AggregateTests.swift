import Columnar
import Foundation
import Kernels
import Testing

struct AggregateTests {
    static let calls: [(AggregateFunction, [DataType], DataType)] = [
        (.countAll, [], .long), (.count, [.string], .long), (.sum, [.int], .long), (.sum, [.double], .double),
        (.sum, [.decimal(precision: 9, scale: 2)], .decimal(precision: 38, scale: 2)),
        (.average, [.int], .double),
        (.average, [.decimal(precision: 9, scale: 2)], .decimal(precision: 13, scale: 6)),
        (.average, [.double], .double),
        (.minimum, [.string], .string), (.maximum, [.string], .string), (.minimum, [.double], .double),
        (.maximum, [.double], .double), (.maximum, [.date], .date), (.minimum, [.boolean], .boolean),
        (.minimum, [.interval], .interval),
        (.maximum, [.decimal(precision: 30, scale: 4)], .decimal(precision: 30, scale: 4)),
        (.boolAnd, [.boolean], .boolean), (.boolOr, [.boolean], .boolean), (.bitXor, [.int], .int),
        (.bitAnd, [.int], .int),
        (.median, [.int], .double),
    ]

    /// What the aggregate of these values is, computed the plain way.
    private func model(_ function: AggregateFunction, _ rows: [[Scalar]], _ result: DataType) -> Scalar {
        let values = rows.map { $0.first ?? .null }.filter { !$0.isNull }
        let sorted = values.sorted { $0.order(comparedTo: $1) < 0 }
        func whole(_ scalar: Scalar) -> Int128 {
            switch scalar {
            case .int(let value): Int128(value)
            case .long(let value): Int128(value)
            default: 0
            }
        }
        func real(_ scalar: Scalar) -> Double {
            if case .double(let value) = scalar { value } else { Double(whole(scalar)) }
        }
        switch function {
        case .countAll: return .long(Int64(rows.count))
        case .count: return .long(Int64(values.count))
        default: break
        }
        guard !values.isEmpty else { return .null }
        let sum = values.reduce(Int128(0)) { $0 + whole($1) }
        switch function {
        case .sum where result == .double: return .double(values.reduce(0) { $0 + real($1) })
        case .sum: return result == .long ? .long(Int64(sum)) : .int128(sum)
        case .average where result.isDecimal:
            let exact = sum * 10_000
            let count = Int128(values.count)
            let rounded = (abs(exact) * 2 + count) / (count * 2) * (exact < 0 ? -1 : 1)
            return .long(Int64(rounded))
        case .average: return .double(values.reduce(0) { $0 + real($1) } / Double(values.count))
        case .minimum: return sorted[0]
        case .maximum: return sorted[sorted.count - 1]
        case .boolAnd: return .boolean(!values.contains(.boolean(false)))
        case .boolOr: return .boolean(values.contains(.boolean(true)))
        case .bitXor: return .int(Int32(truncatingIfNeeded: values.reduce(Int128(0)) { $0 ^ whole($1) }))
        case .bitAnd: return .int(Int32(truncatingIfNeeded: values.reduce(Int128(-1)) { $0 & whole($1) }))
        default:
            let doubles = sorted.map(real)
            let place = Double(doubles.count - 1) / 2
            let below = doubles[Int(place)]
            return .double(
                below + (doubles[Int(place.rounded(.up))] - below) * (place - place.rounded(.down)))
        }
    }

    private func close(_ left: Scalar, _ right: Scalar) -> Bool {
        if case .double(let a) = left, case .double(let b) = right {
            return a == b || (a.isNaN && b.isNaN) || a.isFinite && abs(a - b) <= 1e-9 * max(1, abs(a))
        }
        return left == right || left.order(comparedTo: right) == 0
    }

    @Test(arguments: [UInt64](1...12), [false, true])
    func foldsLikeTheModelOverTwoThreads(_ seed: UInt64, _ isDistinct: Bool) throws {
        var columns = GeneratedColumns(seed: seed)
        for (function, types, result) in Self.calls where !(isDistinct && types.isEmpty) {
            let groupCount = 1 + columns.number(4)
            var model = [[[Scalar]]](repeating: [], count: groupCount)
            var states: [any AggregateState] = []
            for _ in 0..<2 {
                var state = try function.makeState(
                    argumentTypes: types, result: result, isDistinct: isDistinct)
                state.resize(to: groupCount)
                for _ in 0..<3 {
                    let count = columns.number(70)
                    let arguments = types.map { type -> Column in
                        let column = columns.column(type, count: count)
                        // Sums of extremes overflow; that has its own test.
                        guard function == .sum || function == .average, type == .int else { return column }
                        return Column(
                            type, column.scalars.map { $0 == .int(.max) || $0 == .int(.min) ? .int(1) : $0 })
                    }
                    let groups = (0..<count).map { _ in Int32(columns.number(groupCount)) }
                    try state.update(
                        AggregateRows(
                            arguments: arguments, groups: groupCount == 1 ? nil : groups, rowCount: count))
                    for row in 0..<count {
                        model[Int(groups[row])].append(arguments.map { $0.scalar(at: row) })
                    }
                }
                states.append(state)
            }
            var whole = states[0]
            try whole.merge(states[1], groups: (0..<Int32(groupCount)).map { $0 })
            let finished = try whole.finish()
            #expect(finished.type == result && finished.invariantFault == nil)
            for group in 0..<groupCount {
                var rows = model[group]
                if isDistinct {
                    var seen: [Scalar] = []
                    rows = rows.filter { row in
                        if seen.contains(where: { close($0, row[0]) && $0.isNull == row[0].isNull }) {
                            return false
                        }
                        seen.append(row[0])
                        return true
                    }
                }
                let wanted = self.model(function, rows, result)
                #expect(
                    close(finished.scalar(at: group), wanted),
                    "\(function) of \(types), distinct \(isDistinct), seed \(seed): \(finished.scalar(at: group)) for \(wanted)"
                )
            }
        }
    }

    @Test func sumsOverflowOnlyAtTheEnd() throws {
        var state = try AggregateFunction.sum.makeState(argumentTypes: [.long], result: .long)
        let column = Column(.long, [.long(.max), .long(.max), .long(-.max)])
        try state.update(AggregateRows(arguments: [column], groups: nil, rowCount: 3))
        #expect(try state.finish().scalars == [.long(.max)])
        try state.update(AggregateRows(arguments: [Column(.long, [.long(1)])], groups: nil, rowCount: 1))
        #expect(code { try state.finish() } == .overflow)
    }

    @Test func spreadsMatchKnownAnswers() throws {
        let values = Column(.double, [2, 4, 4, 4, 5, 5, 7, 9].map { .double($0) })
        func fold(_ function: AggregateFunction, _ columns: [Column], _ result: DataType = .double) throws
            -> Scalar
        {
            var state = try function.makeState(argumentTypes: columns.map(\.type), result: result)
            try state.update(AggregateRows(arguments: columns, groups: nil, rowCount: columns[0].count))
            return try state.finish().scalar(at: 0)
        }
        #expect(try close(fold(.deviationPopulation, [values]), .double(2)))
        #expect(try close(fold(.varianceSample, [values]), .double(32.0 / 7)))
        #expect(try close(fold(.median, [values]), .double(4.5)))
        let fraction = Column.constant(.double(0.25), .double, count: 8)
        #expect(try close(fold(.percentileContinuous, [values, fraction]), .double(4)))
        let doubled = Column(.double, [4, 8, 8, 8, 10, 10, 14, 18].map { .double($0) })
        #expect(try close(fold(.correlation, [values, doubled]), .double(1)))
        #expect(try close(fold(.covariancePopulation, [values, doubled]), .double(8)))
        #expect(try fold(.varianceSample, [Column(.double, [.double(1)])]) == .null)
        #expect(try fold(.sum, [Column(.int, [.null])], .long) == .null)
    }

    @Test func orderedAggregatesFollowTheirOrder() throws {
        let names = Column(.string, ["b", "a", "c"].map { .string($0) } + [.null])
        let ranks = Column(.int, [3, 1, 2, 0].map { .int($0) })
        func fold(_ function: AggregateFunction, _ columns: [Column], _ result: DataType) throws -> Scalar {
            var state = try function.makeState(
                argumentTypes: columns.map(\.type), result: result, order: [SortDirection(isDescending: true)]
            )
            try state.update(AggregateRows(arguments: columns, groups: nil, rowCount: 4))
            return try state.finish().scalar(at: 0)
        }
        let comma = Column.constant(.string(", "), .string, count: 4)
        #expect(try fold(.stringAggregate, [names, comma, ranks], .string) == .string("b, c, a"))
        #expect(
            try fold(.arrayAggregate, [names, ranks], .list(Field("item", .string)))
                == .list([.string("b"), .string("c"), .string("a"), .null]))
        #expect(try fold(.firstValue, [names, ranks], .string) == .string("b"))
        #expect(try fold(.lastValue, [names, ranks], .string) == .null)
    }

    @Test func approximateDistinctIsClose() throws {
        var state = try AggregateFunction.approximateDistinct.makeState(argumentTypes: [.long], result: .long)
        for start in stride(from: 0, to: 100_000, by: 5000) {
            let column = Column(.long, count: 5000, .int64((start..<start + 5000).map { Int64($0 / 2) }))
            try state.update(AggregateRows(arguments: [column], groups: nil, rowCount: 5000))
        }
        guard case .long(let count) = try state.finish().scalar(at: 0) else {
            Issue.record("no count")
            return
        }
        #expect(abs(count - 50_000) < 2500)
    }
}
