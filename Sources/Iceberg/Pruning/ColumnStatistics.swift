package import Columnar

/// What is known of one column in a partition, file, row group or page without reading it. Nil means not known.
package struct ColumnStatistics: Sendable, Hashable {
    /// Rows, nulls among them. With repeated columns, values.
    package var valueCount: Int64?
    package var nullCount: Int64?
    package var nanCount: Int64?
    /// No value that is neither null nor NaN is below it; may be lower than the least value.
    package var lower: Scalar?
    package var upper: Scalar?
    /// True when there may be nulls although nobody counted them; the partition summaries' `contains_null`.
    package var containsNull: Bool?
    package var containsNaN: Bool?

    package init(
        valueCount: Int64? = nil, nullCount: Int64? = nil, nanCount: Int64? = nil, lower: Scalar? = nil,
        upper: Scalar? = nil
    ) {
        self.valueCount = valueCount
        self.nullCount = nullCount
        self.nanCount = nanCount
        self.lower = lower
        self.upper = upper
        containsNull = nullCount.map { $0 > 0 }
        containsNaN = nanCount.map { $0 > 0 }
    }

    /// Statistics of rows that all have this value.
    package init(constant value: Scalar) {
        if value.isNull {
            self.init(valueCount: 1, nullCount: 1, nanCount: 0)
        } else if ScalarOrder.isNaN(value) {
            self.init(valueCount: 1, nullCount: 0, nanCount: 1)
        } else {
            self.init(valueCount: 1, nullCount: 0, nanCount: 0, lower: value, upper: value)
        }
    }

    /// What is known of the rows of both together.
    ///
    /// Whatever predicate might match one of them might match this. Counts that cannot be are taken as unknown.
    package func union(_ other: ColumnStatistics) -> ColumnStatistics {
        let (left, right) = (plausible, other.plausible)
        func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
            guard let a, let b else { return nil }
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? nil : sum
        }
        // Where nothing compares there is no bound to know.
        func bound(_ a: Scalar?, _ b: Scalar?, _ takesFirst: (Int) -> Bool) -> Scalar? {
            if left.isAllNullOrNaN { return b }
            if right.isAllNullOrNaN { return a }
            guard let a, let b, let order = ScalarOrder.compare(a, b) else { return nil }
            return takesFirst(order) ? a : b
        }
        return ColumnStatistics(
            valueCount: sum(left.valueCount, right.valueCount),
            nullCount: sum(left.nullCount, right.nullCount),
            nanCount: sum(left.nanCount, right.nanCount), lower: bound(left.lower, right.lower) { $0 <= 0 },
            upper: bound(left.upper, right.upper) { $0 >= 0 })
    }

    /// The same without counts that contradict each other.
    private var plausible: ColumnStatistics {
        let (nulls, nans) = (nullCount ?? 0, nanCount ?? 0)
        let values = valueCount ?? .max
        if nulls >= 0, nans >= 0, nulls <= values, nans <= values - nulls { return self }
        return ColumnStatistics(lower: lower, upper: upper)
    }

    var isAllNull: Bool {
        guard let valueCount, let nullCount else { return false }
        return valueCount == nullCount
    }
    /// Nothing in it compares with anything.
    var isAllNullOrNaN: Bool {
        guard let valueCount, let nullCount else { return false }
        let (both, overflow) = nullCount.addingReportingOverflow(nanCount ?? 0)
        return !overflow && both >= valueCount
    }
}
