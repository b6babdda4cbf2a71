import Columnar

/// Means of decimals, with so many more digits as the result's type has: `Output` is unscaled at its scale.
struct DecimalMean<Input: FixedValue & FixedWidthInteger>: AggregateState {
    private let inputScale: Int
    private let result: DataType
    private let input: DataType
    private var sums: [Int128] = [0]
    private var counts: [Int64] = [0]
    private var overflows: [Bool] = [false]

    init(_: Input.Type, input: DataType, result: DataType) {
        self.input = input
        self.result = result
        inputScale = input.decimalShape.scale
    }

    var byteCount: Int { sums.capacity * 25 }

    mutating func resize(to count: Int) {
        guard count > sums.count else { return }
        let added = count - sums.count
        sums.append(contentsOf: repeatElement(0, count: added))
        counts.append(contentsOf: repeatElement(0, count: added))
        overflows.append(contentsOf: repeatElement(false, count: added))
    }

    private mutating func add(_ value: Int128, _ count: Int64, to group: Int) {
        let (total, overflow) = sums[group].addingReportingOverflow(value)
        sums[group] = total
        counts[group] &+= count
        if overflow { overflows[group] = true }
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = try rows.arguments[0].cast(to: input)
        let validity = column.mayHaveNulls ? column.validityBits() : nil
        let values: Operand<Input> = column.operand()
        for row in 0..<rows.rowCount where validity?[row] ?? true {
            add(Int128(truncatingIfNeeded: values[row]), 1, to: Int(rows.groups?[row] ?? 0))
        }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() {
            add(other.sums[group], other.counts[group], to: Int(id))
            if other.overflows[group] { overflows[Int(id)] = true }
        }
    }

    func finish() throws(KernelError) -> Column {
        guard case .decimal(let precision, let scale) = result else {
            let rows = RowPlan(count: sums.count)
            let divisor = Double(DecimalMath.powers[inputScale])
            let doubles = try rows.fixed(.double) { row throws(KernelError) -> Double? in
                counts[row] == 0 ? nil : Double(sums[row]) / divisor / Double(counts[row])
            }
            return try doubles.cast(to: result)
        }
        let wide = DataType.decimal(precision: DataType.maximumPrecision, scale: scale)
        let factor = DecimalMath.powers[max(0, scale - inputScale)]
        let shrink = DecimalMath.powers[max(0, inputScale - scale)]
        let means = try RowPlan(count: sums.count).fixed(wide) { row throws(KernelError) -> Int128? in
            guard counts[row] > 0 else { return nil }
            guard !overflows[row],
                let mean = DecimalMath.multiplyDivide(sums[row], factor, by: Int128(counts[row]) * shrink)
            else { throw KernelError(.overflow, "the mean is out of range", ["type": "\(result)"]) }
            return mean
        }
        return try means.cast(to: .decimal(precision: precision, scale: scale))
    }
}
