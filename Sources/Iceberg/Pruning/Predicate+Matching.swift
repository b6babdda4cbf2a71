import Columnar

extension Predicate {
    /// False only when no row can match.
    ///
    /// `statistics` gives what is known of a column by field id; nil, when nothing is. A column that no row has is told
    /// as all null: `ColumnStatistics(constant: .null)`.
    package func mightMatch(_ statistics: (Int) -> ColumnStatistics?) -> Bool {
        switch self {
        case .always: return true
        case .never: return false
        case .and(let parts): return parts.allSatisfy { $0.mightMatch(statistics) }
        case .or(let parts): return parts.contains { $0.mightMatch(statistics) }
        case .not: return normalized.mightMatch(statistics)
        case .compare(let id, let comparison, let value):
            if value.isNull { return false }
            return statistics(id).map { $0.mightHold(comparison, value) } ?? true
        case .isIn(let id, let values):
            guard let column = statistics(id) else { return values.contains { !$0.isNull } }
            return values.contains { !$0.isNull && column.mightHold(.equal, $0) }
        case .isNotIn(let id, let values):
            // A null among the values makes NOT IN null for every row.
            if values.contains(.null) { return false }
            return statistics(id).map { column in values.allSatisfy { column.mightHold(.notEqual, $0) } }
                ?? true
        case .isNull(let id):
            guard let column = statistics(id) else { return true }
            return column.isAllNull || column.containsNull ?? true
        case .isNotNull(let id): return !(statistics(id)?.isAllNull ?? false)
        case .isNaN(let id):
            guard let column = statistics(id) else { return true }
            return !column.isAllNull && column.containsNaN ?? true
        case .isNotNaN(let id): return !(statistics(id)?.isAllNullOrNaN ?? false)
        case .startsWith(let id, let prefix):
            return statistics(id).map { $0.mightStart(with: prefix) } ?? true
        case .doesNotStartWith(let id, let prefix):
            return statistics(id).map { $0.mightStartOtherwise(than: prefix) } ?? true
        }
    }
}

extension ColumnStatistics {
    /// NaN counts as greater than every number, as the engine compares it.
    fileprivate func mightHold(_ comparison: Predicate.Comparison, _ value: Scalar) -> Bool {
        if isAllNull { return false }
        if ScalarOrder.isNaN(value) { return true }
        let nanCounts = ScalarOrder.isFloating(value) && containsNaN ?? true
        switch comparison {
        case .equal:
            if isAllNullOrNaN { return false }
            return !(isBelow(lower, value) ?? false) && !(isAbove(upper, value) ?? false)
        case .notEqual:
            if nanCounts { return true }
            guard let lower, let upper else { return true }
            return ScalarOrder.compare(lower, value) != 0 || ScalarOrder.compare(upper, value) != 0
        case .less: return !isAllNullOrNaN && test(lower, value) { $0 < 0 }
        case .lessOrEqual: return !isAllNullOrNaN && test(lower, value) { $0 <= 0 }
        case .greater: return nanCounts || test(upper, value) { $0 > 0 }
        case .greaterOrEqual: return nanCounts || test(upper, value) { $0 >= 0 }
        }
    }

    /// The value lies below the lower bound.
    private func isBelow(_ lower: Scalar?, _ value: Scalar) -> Bool? {
        lower.flatMap { ScalarOrder.compare($0, value) }.map { $0 > 0 }
    }

    private func isAbove(_ upper: Scalar?, _ value: Scalar) -> Bool? {
        upper.flatMap { ScalarOrder.compare($0, value) }.map { $0 < 0 }
    }

    private func test(_ bound: Scalar?, _ value: Scalar, _ holds: (Int) -> Bool) -> Bool {
        guard let bound else { return true }
        return ScalarOrder.compare(bound, value).map(holds) ?? true
    }

    fileprivate func mightStart(with prefix: String) -> Bool {
        if isAllNull { return false }
        let wanted = prefix.utf8
        if case .string(let text)? = lower, wanted.lexicographicallyPrecedes(text.utf8.prefix(wanted.count)) {
            return false
        }
        if case .string(let text)? = upper, text.utf8.prefix(wanted.count).lexicographicallyPrecedes(wanted) {
            return false
        }
        return true
    }

    /// False only when both bounds, and so everything between them, start with the prefix.
    fileprivate func mightStartOtherwise(than prefix: String) -> Bool {
        if isAllNull { return false }
        guard case .string(let low)? = lower, case .string(let high)? = upper else { return true }
        return !(low.utf8.starts(with: prefix.utf8) && high.utf8.starts(with: prefix.utf8))
    }
}
