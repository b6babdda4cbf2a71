import Columnar

/// What one group remembers of values of fixed width.
protocol Accumulator: Sendable {
    associatedtype Input: FixedValue
    associatedtype Output: FixedValue
    init()
    mutating func add(_ value: Input)
    mutating func merge(_ other: Self)
    /// Nil is null.
    func result(_ type: DataType) throws(KernelError) -> Output?
}

/// A column of accumulators, one a group.
struct FixedState<Kind: Accumulator>: AggregateState {
    /// What arguments are cast to.
    let input: DataType
    /// What `Output` is as a column, before the cast to `result`.
    let output: DataType
    let result: DataType
    private var groups: [Kind] = [Kind()]

    init(_: Kind.Type, input: DataType, output: DataType, result: DataType) {
        self.input = input
        self.output = output
        self.result = result
    }

    var byteCount: Int { groups.capacity * MemoryLayout<Kind>.stride }

    mutating func resize(to count: Int) {
        guard count > groups.count else { return }
        groups.append(contentsOf: repeatElement(Kind(), count: count - groups.count))
    }

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
            for row in 0..<ids.count where validity[row] { groups[Int(ids[row])].add(items[row]) }
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
                for row in 0..<count where validity[row] { state.add(items[row]) }
            } else {
                for row in 0..<count { state.add(items[row]) }
            }
        }
        groups[0] = state
    }

    mutating func merge(_ other: any AggregateState, groups ids: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in ids.enumerated() { groups[Int(id)].merge(other.groups[group]) }
    }

    func finish() throws(KernelError) -> Column {
        let rows = RowPlan(count: groups.count)
        let column = try rows.fixed(output) { row throws(KernelError) -> Kind.Output? in
            try groups[row].result(output)
        }
        return try column.cast(to: result)
    }
}
