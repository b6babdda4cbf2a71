import Columnar

/// What one group remembers of values of fixed width.
protocol Accumulator: Sendable, BitwiseCopyable {
    associatedtype Input: FixedValue
    associatedtype Output: FixedValue
    init()
    mutating func add(_ value: Input)
    mutating func merge(_ other: Self)
    /// Nil is null. `input` is the arguments' type, `output` the one of the result's payload.
    func result(_ output: DataType, of input: DataType) throws(KernelError) -> Output?
}

/// A column of accumulators, one a group.
///
/// States are reached through an existential, where the compiler would call every accumulator through its witness
/// table, once a row. The attributes name the kinds there are, and so make one loop for each.
struct FixedState<Kind: Accumulator>: AggregateState {
    /// What arguments are cast to.
    let input: DataType
    /// What `Output` is as a column, before the cast to `result`.
    let output: DataType
    let result: DataType
    private var groups: [Kind] = [Kind()]

    /// What the first group remembers.
    var first: Kind { groups[0] }

    init(_: Kind.Type, input: DataType, output: DataType, result: DataType) {
        self.input = input
        self.output = output
        self.result = result
    }

    var byteCount: Int { groups.capacity * MemoryLayout<Kind>.stride }

    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == DecimalMean<Int128>)
    @_specialize(where Kind == Smallest<Int32>)
    @_specialize(where Kind == Largest<Int32>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Int128>)
    @_specialize(where Kind == Largest<Int128>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    @_specialize(where Kind == BitsAnd)
    @_specialize(where Kind == BitsOr)
    @_specialize(where Kind == BitsXor)
    @_specialize(where Kind == Spread<VarianceSample>)
    @_specialize(where Kind == Spread<VariancePopulation>)
    @_specialize(where Kind == Spread<DeviationSample>)
    @_specialize(where Kind == Spread<DeviationPopulation>)
    mutating func resize(to count: Int) {
        guard count > groups.count else { return }
        // In steps, and by a plain loop: `repeatElement` would go through witnesses.
        groups.reserveCapacity(Swift.max(count, groups.capacity < count ? groups.count * 2 : 0))
        let empty = Kind()
        while groups.count < count { groups.append(empty) }
    }

    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == DecimalMean<Int128>)
    @_specialize(where Kind == Smallest<Int32>)
    @_specialize(where Kind == Largest<Int32>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Int128>)
    @_specialize(where Kind == Largest<Int128>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    @_specialize(where Kind == BitsAnd)
    @_specialize(where Kind == BitsOr)
    @_specialize(where Kind == BitsXor)
    @_specialize(where Kind == Spread<VarianceSample>)
    @_specialize(where Kind == Spread<VariancePopulation>)
    @_specialize(where Kind == Spread<DeviationSample>)
    @_specialize(where Kind == Spread<DeviationPopulation>)
    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = try rows.arguments[0].cast(to: input)
        if column.constantValue == .null { return }
        let validity = column.mayHaveNulls ? column.validityBits() : nil
        let values: Operand<Kind.Input> = column.operand()
        if let ids = rows.groups {
            precondition(ids.count == rows.rowCount)
            grouped(values, ids, validity)
        } else {
            single(values, rows.rowCount, validity)
        }
    }

    private mutating func grouped(_ values: Operand<Kind.Input>, _ ids: [Int32], _ validity: Bitmap?) {
        var groups = groups.mutableSpan
        let ids = ids.span
        switch values {
        case .constant(let value):
            for row in 0..<ids.count where validity?[row] ?? true { groups[Int(ids[row])].add(value) }
        case .flat(let items):
            let items = items.span
            precondition(items.count == ids.count)
            guard let validity else {
                for row in 0..<ids.count { groups[Int(ids[row])].add(items[row]) }
                return
            }
            precondition(validity.count == ids.count)
            validity.forEachSetBit { row in groups[Int(ids[row])].add(items[row]) }
        }
    }

    private mutating func single(_ values: Operand<Kind.Input>, _ count: Int, _ validity: Bitmap?) {
        var state = groups[0]
        switch values {
        case .constant(let value):
            for row in 0..<count where validity?[row] ?? true { state.add(value) }
        case .flat(let items):
            let items = items.span
            precondition(items.count == count)
            if let validity {
                precondition(validity.count == count)
                validity.forEachSetBit { row in state.add(items[row]) }
            } else {
                for row in 0..<count { state.add(items[row]) }
            }
        }
        groups[0] = state
    }

    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == DecimalMean<Int128>)
    @_specialize(where Kind == Smallest<Int32>)
    @_specialize(where Kind == Largest<Int32>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Int128>)
    @_specialize(where Kind == Largest<Int128>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    @_specialize(where Kind == BitsAnd)
    @_specialize(where Kind == BitsOr)
    @_specialize(where Kind == BitsXor)
    @_specialize(where Kind == Spread<VarianceSample>)
    @_specialize(where Kind == Spread<VariancePopulation>)
    @_specialize(where Kind == Spread<DeviationSample>)
    @_specialize(where Kind == Spread<DeviationPopulation>)
    mutating func merge(_ other: any AggregateState, groups ids: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        var target = groups.mutableSpan
        let source = other.groups.span
        let ids = ids.span
        precondition(ids.count <= source.count)
        for group in 0..<ids.count { target[Int(ids[group])].merge(source[group]) }
    }

    func partial(_ range: Range<Int>) -> Column { StateBytes.column(groups, range) }

    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == DecimalMean<Int128>)
    @_specialize(where Kind == Smallest<Int32>)
    @_specialize(where Kind == Largest<Int32>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Int128>)
    @_specialize(where Kind == Largest<Int128>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    @_specialize(where Kind == BitsAnd)
    @_specialize(where Kind == BitsOr)
    @_specialize(where Kind == BitsXor)
    @_specialize(where Kind == Spread<VarianceSample>)
    @_specialize(where Kind == Spread<VariancePopulation>)
    @_specialize(where Kind == Spread<DeviationSample>)
    @_specialize(where Kind == Spread<DeviationPopulation>)
    mutating func merge(partial column: Column, groups ids: [Int32]) throws(KernelError) {
        precondition(column.count == ids.count)
        var target = groups.mutableSpan
        StateBytes.forEach(column, Kind.self) { row, state in target[Int(ids[row])].merge(state) }
    }

    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == DecimalMean<Int128>)
    @_specialize(where Kind == Smallest<Int32>)
    @_specialize(where Kind == Largest<Int32>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Int128>)
    @_specialize(where Kind == Largest<Int128>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    @_specialize(where Kind == BitsAnd)
    @_specialize(where Kind == BitsOr)
    @_specialize(where Kind == BitsXor)
    @_specialize(where Kind == Spread<VarianceSample>)
    @_specialize(where Kind == Spread<VariancePopulation>)
    @_specialize(where Kind == Spread<DeviationSample>)
    @_specialize(where Kind == Spread<DeviationPopulation>)
    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        let rows = RowPlan(count: groups.count)
        let column = try rows.fixed(output) { row throws(KernelError) -> Kind.Output? in
            try groups[row].result(output, of: input)
        }
        return try column.cast(to: result)
    }
}
