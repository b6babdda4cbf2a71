import Columnar

/// min and max of text and bytes, compared bytewise.
struct TextExtremeState: AggregateState {
    /// Bytes compared in about the time of a row.
    private static let bytesOfStep = 64

    private let isMaximum: Bool
    private let result: DataType
    private var best: [[UInt8]?] = [nil]
    private var heldBytes = 0

    init(isMaximum: Bool, result: DataType) {
        self.isMaximum = isMaximum
        self.result = result
    }

    var byteCount: Int { best.capacity * 8 + heldBytes }

    mutating func resize(to count: Int) {
        guard count > best.count else { return }
        best.append(contentsOf: repeatElement(nil, count: count - best.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = rows.arguments[0]
        if column.constantValue == .null || column.type == .null { return }
        let validity = column.mayHaveNulls ? column.validityBits() : nil
        let text = TextOperand(column)
        var watch = StepWatch(nil)
        for row in 0..<rows.rowCount where validity?[row] ?? true {
            try watch.step(1 + text.strings.views[text.place(of: row)].length / Self.bytesOfStep)
            let group = Int(rows.groups?[row] ?? 0)
            text.withBytes(at: row) { offer($0, to: group) }
        }
    }

    private mutating func offer(_ bytes: Span<UInt8>, to group: Int) {
        if let known = best[group], !wins(bytes, known.span) { return }
        heldBytes += bytes.count + 32 - (best[group].map { $0.count + 32 } ?? 0)
        best[group] = [UInt8](copying: bytes)
    }

    private func wins(_ candidate: Span<UInt8>, _ known: Span<UInt8>) -> Bool {
        let shared = min(candidate.count, known.count)
        for index in 0..<shared where candidate[index] != known[index] {
            return (candidate[index] > known[index]) == isMaximum
        }
        return candidate.count != known.count && (candidate.count > known.count) == isMaximum
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() {
            if let bytes = other.best[group] { offer(bytes.span, to: Int(id)) }
        }
    }

    func partial(_ range: Range<Int>) -> Column {
        var strings = StringColumn()
        var validity = Bitmap()
        for group in range {
            validity.append(best[group] != nil)
            strings.append(best[group] ?? [])
        }
        return Column(.binary, count: range.count, .string(strings), validity: validity)
    }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        let text = TextOperand(column)
        for (row, id) in groups.enumerated() where !column.isNull(row) {
            text.withBytes(at: row) { offer($0, to: Int(id)) }
        }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try RowPlan(count: best.count).text(result) { row, buffer throws(KernelError) in
            guard let bytes = best[row] else { return false }
            buffer += bytes
            return true
        }
    }
}

/// min, max and any_value of types without a fast path.
struct ScalarPickState: AggregateState {
    private let function: AggregateFunction
    private let result: DataType
    private var best: [Scalar] = [.null]
    /// Of all values.
    private var heldBytes = 0

    init(_ function: AggregateFunction, result: DataType) {
        self.function = function
        self.result = result
    }

    var byteCount: Int { best.capacity * MemoryLayout<Scalar>.stride + heldBytes }

    mutating func resize(to count: Int) {
        guard count > best.count else { return }
        best.append(contentsOf: repeatElement(.null, count: count - best.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = try rows.arguments[0].cast(to: result)
        for row in 0..<rows.rowCount where !column.isNull(row) {
            let group = Int(rows.groups?[row] ?? 0)
            if function == .anyValue, !best[group].isNull { continue }
            offer(column.scalar(at: row), to: group)
        }
    }

    private mutating func offer(_ value: Scalar, to group: Int) {
        guard !value.isNull, best[group].isNull || wins(value, over: best[group]) else { return }
        heldBytes += value.byteCount - (best[group].isNull ? 0 : best[group].byteCount)
        best[group] = value
    }

    private func wins(_ value: Scalar, over known: Scalar) -> Bool {
        switch function {
        case .maximum: value.order(comparedTo: known) > 0
        case .minimum: value.order(comparedTo: known) < 0
        default: false
        }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() { offer(other.best[group], to: Int(id)) }
    }

    func partial(_ range: Range<Int>) -> Column { Column(result, Array(best[range])) }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        for (row, id) in groups.enumerated() { offer(column.scalar(at: row), to: Int(id)) }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column { Column(result, best) }
}
