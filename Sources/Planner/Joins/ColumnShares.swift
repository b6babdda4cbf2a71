import Columnar
import Kernels
import Plans

/// The share of a table's rows that conditions on single columns let pass, by what its manifests tell.
///
/// Values are taken to lie evenly between a column's bounds, as in Selinger et al. (SIGMOD 1979).
struct ColumnShares {
    private let statistics: TableStatistics
    private let fields: [Field]

    init?(_ scan: TableScan) {
        guard let known = scan.statistics, known.rowCount > 0 else { return nil }
        statistics = known
        fields = scan.fields
    }

    /// Of rows for which all terms are true; `otherwise` judges terms that nothing is known of.
    func share(of terms: [Expression], otherwise: (Expression) -> Double) -> Double {
        var share = 1.0
        // Both ends of a range belong together: they do not leave out rows independently.
        var ranges: [Int: (below: Double, above: Double)] = [:]
        for term in terms {
            if let (column, part, isUpper) = end(term) {
                var range = ranges[column] ?? (1, 1)
                if isUpper {
                    range.below = min(range.below, part)
                } else {
                    range.above = min(range.above, part)
                }
                ranges[column] = range
            } else {
                share *= self.share(of: term) ?? otherwise(term)
            }
        }
        for (column, range) in ranges {
            let both = max(1 / rows, range.below + range.above - 1)
            share *= both * filled(column)
        }
        return share
    }

    /// About how many values a column has; nil where nothing is known. Whether that comes from a sketch.
    func distinctCount(_ column: Int) -> (count: Double, isCounted: Bool)? {
        guard let known = summary(column) else { return nil }
        if let count = known.distinctCount { return (max(1, Double(count)), true) }
        guard let (lower, upper) = bounds(column), fields[column].type.isWhole else { return nil }
        return (max(1, min(rows, upper - lower + 1)), false)
    }

    private var rows: Double { max(1, Double(statistics.rowCount)) }

    private func summary(_ column: Int) -> TableStatistics.Column? {
        fields[column].id.flatMap { statistics.columns[$0] }
    }

    private func bounds(_ column: Int) -> (lower: Double, upper: Double)? {
        guard let known = summary(column), let lower = known.lower?.position,
            let upper = known.upper?.position,
            lower <= upper
        else { return nil }
        return (lower, upper)
    }

    /// The share of rows that are not null.
    private func filled(_ column: Int) -> Double {
        guard let nulls = summary(column)?.nullCount else { return 1 }
        return max(0, 1 - Double(nulls) / rows)
    }

    /// `column < constant` and its like: the share of values on the side that stays.
    private func end(_ term: Expression) -> (column: Int, share: Double, isUpper: Bool)? {
        guard case .call(let function, let sides, _) = term.unlocated, sides.count == 2,
            case .column(let column, _) = sides[0].unlocated,
            let value = sides[1].unlocated.literalValue?.position,
            let (lower, upper) = bounds(column)
        else { return nil }
        let part = upper > lower ? (value - lower) / (upper - lower) : value >= lower ? 1 : 0
        let below = min(1, max(0, part))
        switch function {
        case .less, .lessOrEqual: return (column, below, true)
        case .greater, .greaterOrEqual: return (column, 1 - below, false)
        default: return nil
        }
    }

    /// Nil where nothing is known.
    private func share(of term: Expression) -> Double? {
        switch term.unlocated {
        case .inList(let value, let elements, let isNegated):
            guard case .column(let column, _) = value.unlocated, let one = equalShare(column, nil) else {
                return nil
            }
            let inside = min(1, one * Double(elements.count))
            return isNegated ? max(0, filled(column) - inside) : inside
        case .call(let function, let sides, _):
            guard let first = sides.first, case .column(let column, _) = first.unlocated else { return nil }
            switch function {
            case .equal where sides.count == 2: return equalShare(column, sides[1].unlocated.literalValue)
            case .notEqual where sides.count == 2:
                return equalShare(column, sides[1].unlocated.literalValue).map { max(0, filled(column) - $0) }
            case .isNull: return summary(column)?.nullCount.map { _ in 1 - filled(column) }
            case .isNotNull: return summary(column)?.nullCount.map { _ in filled(column) }
            default: return nil
            }
        default: return nil
        }
    }

    private func equalShare(_ column: Int, _ value: Scalar?) -> Double? {
        if let position = value?.position, let (lower, upper) = bounds(column),
            position < lower || position > upper
        {
            return 1 / rows
        }
        return distinctCount(column).map { filled(column) / $0.count }
    }
}

extension DataType {
    /// Between two values lie only so many others.
    fileprivate var isWhole: Bool {
        switch self {
        case .int, .long, .date: true
        default: false
        }
    }
}

extension Scalar {
    /// Where it lies among others of its type; nil for texts and what has no distance.
    fileprivate var position: Double? {
        switch self {
        case .int(let value): Double(value)
        case .long(let value): Double(value)
        case .int128(let value): Double(value)
        case .float(let value): value.isFinite ? Double(value) : nil
        case .double(let value): value.isFinite ? value : nil
        default: nil
        }
    }
}
