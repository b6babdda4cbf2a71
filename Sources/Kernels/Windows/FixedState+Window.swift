import Columnar

extension FixedState {
    /// The aggregate of each frame; the state itself gives only its kind.
    ///
    /// The attributes make one loop for each kind, as for the other methods.
    @_specialize(where Kind == ExactSum<Int64, Int64>)
    @_specialize(where Kind == ExactSum<Int64, Int128>)
    @_specialize(where Kind == ExactSum<Int128, Int128>)
    @_specialize(where Kind == IntegerMean)
    @_specialize(where Kind == DoubleSum)
    @_specialize(where Kind == DoubleMean)
    @_specialize(where Kind == DecimalMean<Int64>)
    @_specialize(where Kind == Smallest<Int64>)
    @_specialize(where Kind == Largest<Int64>)
    @_specialize(where Kind == Smallest<Double>)
    @_specialize(where Kind == Largest<Double>)
    func windowed(
        _ arguments: [Column], _ frames: FrameRanges, _ around: WindowSurroundings
    ) throws(KernelError) -> Column {
        let column = try arguments[0].cast(to: input)
        let rows = RowPlan(count: frames.rowCount)
        var fold = FrameFold(
            FixedSource<Kind>(values: column.operand(), validity: column.validityBits(), count: column.count),
            before: around.before.map { sameKind($0).first })
        let behind = around.behind.map { sameKind($0).first }
        let answers = try rows.fixed(output) { row throws(KernelError) -> Kind.Output? in
            var answer = fold.answer(row, of: frames)
            if let behind { answer.merge(behind) }
            return try answer.result(output, of: input)
        }
        return try answers.cast(to: result)
    }
}

/// A column's values on their way into accumulators.
private struct FixedSource<Kind: Accumulator>: FoldSource {
    let values: Operand<Kind.Input>
    let validity: Bitmap
    let count: Int

    var empty: Kind { Kind() }

    @inline(__always)
    func add(_ row: Int, to node: inout Kind) { if validity[row] { node.add(values[row]) } }

    @inline(__always)
    func merge(_ other: Kind, into node: inout Kind) { node.merge(other) }
}
