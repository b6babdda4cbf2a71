import Columnar
import Kernels
import Plans

extension LogicalPlan {
    /// Whether each computation of it gives the same rows, in whatever order.
    ///
    /// Threads take rows in another order each time. So an answer that depends on it is not stable: sums of doubles, which
    /// round after each addition; the first of rows that sort alike; any row of a group; which of two equal values that
    /// are not the same (`-0.0` and `0.0`) a group shows. Nor is what calls `random()`. What is estimated counts as unstable,
    /// too, and everything above such a query. Sums of whole numbers and decimals are exact, and stable.
    ///
    /// Where two places of a plan must agree on rows that are not stable, they read them shared.
    var isStable: Bool {
        guard inputs.allSatisfy(\.isStable), !hasVolatileExpression else { return false }
        switch self {
        case .values, .scan, .filter, .project, .expand, .unnest, .sort, .union, .join, .workingTable,
            .sharing, .shared:
            return true
        case .aggregate(let aggregation, _):
            return aggregation.keys.allSatisfy { !$0.type.hasTwins }
                && aggregation.calls.allSatisfy(\.isStable)
        case .window(let windowing, let input):
            let isTotal = input.isTotal(windowing.sortKeys)
            return windowing.calls.allSatisfy { $0.isStable(inTotalOrder: isTotal) }
        case .recursion(let recursion, let base, _):
            return !recursion.isDistinct || base.schema.fields.allSatisfy { !$0.type.hasTwins }
        case .limit(let window, let input):
            return window.count == 0 || input.hasOneRowAtMost || input.isTotallyOrdered
        case .numberRows(let keys, let input):
            return input.isTotallyOrdered || input.isTotal(keys.map { SortKey($0) })
        }
    }

    /// Whether it calls `random()` or the like anywhere.
    var isVolatile: Bool { hasVolatileExpression || inputs.contains(where: \.isVolatile) }

    private var hasVolatileExpression: Bool {
        var isVolatile = false
        visitExpressions { if $0.isVolatile { isVolatile = true } }
        return isVolatile
    }

    /// Whether its rows come in an order that leaves no choice, but between rows that are the same.
    private var isTotallyOrdered: Bool {
        switch self {
        case .sort(let keys, let input): input.isTotal(keys)
        case .project(_, let input), .filter(_, let input), .limit(_, let input): input.isTotallyOrdered
        default: false
        }
    }

    /// Whether rows that these keys sort alike are the same.
    private func isTotal(_ keys: [SortKey]) -> Bool {
        let fields = schema.fields
        let sorted = keys.reduce(into: Set<Int>()) { columns, key in
            guard case .column(let index, let type) = key.expression, !type.hasTwins else { return }
            columns.insert(index)
        }
        return sorted.isSuperset(of: fields.indices) || distinctColumns.map(sorted.isSuperset) == true
    }

    /// Columns that no two rows have the same values in; nil where none are known.
    private var distinctColumns: Set<Int>? {
        switch self {
        case .aggregate(let aggregation, _): return Set(aggregation.keys.indices)
        case .filter(_, let input), .sort(_, let input), .limit(_, let input): return input.distinctColumns
        case .project(let projection, let input):
            guard let columns = input.distinctColumns else { return nil }
            var places = Set<Int>()
            for column in columns {
                let place = projection.expressions.firstIndex {
                    if case .column(column, _) = $0 { true } else { false }
                }
                guard let place else { return nil }
                places.insert(place)
            }
            return places
        default: return nil
        }
    }
}

extension DataType {
    /// Whether two of its values may be equal and yet not the same: a month and thirty days, `-0.0` and `0.0`.
    var hasTwins: Bool {
        switch self {
        case .float, .double, .interval: true
        case .list(let element): element.type.hasTwins
        case .map(let key, let value): key.type.hasTwins || value.type.hasTwins
        case .structure(let fields): fields.contains { $0.type.hasTwins }
        default: false
        }
    }

    fileprivate var isFloatingPoint: Bool { self == .float || self == .double }
}

extension AggregateCall {
    fileprivate var isStable: Bool {
        switch function {
        case .countAll, .count, .boolAnd, .boolOr, .bitAnd, .bitOr, .bitXor, .regressionCount: true
        case .sum, .average: arguments.allSatisfy { !$0.type.isFloatingPoint }
        case .minimum, .maximum, .mode, .median, .percentileContinuous, .percentileDiscrete:
            (arguments + order.map(\.expression)).allSatisfy { !$0.type.hasTwins }
        case .firstValue, .lastValue, .nthValue, .arrayAggregate, .stringAggregate:
            // What sorts alike is the same.
            arguments.allSatisfy { argument in
                argument.isConstant
                    || !argument.type.hasTwins && order.contains { $0.expression == argument }
            }
        default: false
        }
    }
}

extension WindowCall {
    /// - Parameter isTotal: rows that sort alike are the same.
    fileprivate func isStable(inTotalOrder isTotal: Bool) -> Bool {
        switch function {
        case .window(let function):
            switch function {
            case .rank, .denseRank, .percentRank, .cumeDist: return true
            default: return isTotal
            }
        case .aggregate(let function):
            var call = AggregateCall(function, arguments, type: type, isDistinct: isDistinct, filter: filter)
            call.order = order
            // A frame of rows ends between some that sort alike.
            let isWhole = frame.start == .unboundedPreceding && frame.end == .unboundedFollowing
            return call.isStable && (isTotal || frame.unit != .rows || isWhole)
        }
    }
}
