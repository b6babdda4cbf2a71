import Columnar

/// The middle one of decimals; of an even number the mean of the two in the middle, rounded half away from zero.
enum ExactMedian {
    /// - Nulls: do not count; the answer is null of no values.
    static func answer(
        _ column: Column, _ order: [Int32], _ runs: [Range<Int>], _ result: DataType,
        _ supervisor: (any KernelSupervisor)?
    ) throws(KernelError) -> Column {
        var watch = StepWatch(supervisor)
        let wide = DataType.decimal(
            precision: DataType.maximumPrecision, scale: column.type.decimalShape.scale)
        let values: Operand<Int128> = try column.cast(to: wide).operand()
        let medians = try RowPlan(count: runs.count).fixed(wide) { group throws(KernelError) -> Int128? in
            var known: [Int128] = []
            for position in runs[group] {
                try watch.step()
                let row = Int(order[position])
                if !column.isNull(row) { known.append(values[row]) }
            }
            let sorted = try StepWatch.sorted(known, supervisor) { $0 < $1 }
            guard !sorted.isEmpty else { return nil }
            return mean(sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
        }
        return try medians.cast(to: result)
    }

    /// The sum of two decimals of one sign may have more bits than there are; their difference has not.
    static func mean(_ below: Int128, _ above: Int128) -> Int128 {
        if (below < 0) != (above < 0) { return DecimalMath.divideRounding(below + above, 2) }
        let distance = above - below
        return below + (below < 0 ? distance / 2 : (distance + 1) / 2)
    }
}
