import Columnar

/// Applies `body` to each value. Inlined with its closure, the loop becomes SIMD where `body` allows.
@inline(__always)
func mapFixed<From: FixedValue, To: FixedValue>(
    _ values: Operand<From>, count: Int, _ body: (From) -> To
) -> [To] {
    switch values {
    case .constant(let value): return [To](repeating: body(value), count: count)
    case .flat(let items):
        precondition(items.count == count)
        var result = [To](repeating: .zero, count: count)
        var output = result.mutableSpan
        let input = items.span
        for row in 0..<count { output[row] = body(input[row]) }
        return result
    }
}

/// Applies `body` to each pair of values.
@inline(__always)
func zipFixed<Left: FixedValue, Right: FixedValue, To: FixedValue>(
    _ left: Operand<Left>, _ right: Operand<Right>, count: Int, _ body: (Left, Right) -> To
) -> [To] {
    var result = [To](repeating: .zero, count: count)
    var output = result.mutableSpan
    switch (left, right) {
    case (.flat(let leftItems), .flat(let rightItems)):
        precondition(leftItems.count == count && rightItems.count == count)
        let first = leftItems.span
        let second = rightItems.span
        for row in 0..<count { output[row] = body(first[row], second[row]) }
    case (.flat(let leftItems), .constant(let value)):
        precondition(leftItems.count == count)
        let first = leftItems.span
        for row in 0..<count { output[row] = body(first[row], value) }
    case (.constant(let value), .flat(let rightItems)):
        precondition(rightItems.count == count)
        let second = rightItems.span
        for row in 0..<count { output[row] = body(value, second[row]) }
    case (.constant(let first), .constant(let second)):
        let value = body(first, second)
        for row in 0..<count { output[row] = value }
    }
    return result
}

/// Tests each value; one bit a row.
@inline(__always)
func testFixed<Value: FixedValue>(_ values: Operand<Value>, count: Int, _ body: (Value) -> Bool) -> Bitmap {
    switch values {
    case .constant(let value): return Bitmap(repeating: body(value), count: count)
    case .flat(let items):
        precondition(items.count == count)
        var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
        var output = flags.mutableSpan
        let input = items.span
        for row in 0..<count { output[row] = body(input[row]) ? 1 : 0 }
        return PackedBits.pack(flags, count: count)
    }
}

/// Tests each pair of values; one bit a row.
@inline(__always)
func testFixed<Value: FixedValue>(
    _ left: Operand<Value>, _ right: Operand<Value>, count: Int, _ body: (Value, Value) -> Bool
) -> Bitmap {
    var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
    var output = flags.mutableSpan
    switch (left, right) {
    case (.flat(let leftItems), .flat(let rightItems)):
        precondition(leftItems.count == count && rightItems.count == count)
        let first = leftItems.span
        let second = rightItems.span
        for row in 0..<count { output[row] = body(first[row], second[row]) ? 1 : 0 }
    case (.flat(let leftItems), .constant(let value)):
        precondition(leftItems.count == count)
        let first = leftItems.span
        for row in 0..<count { output[row] = body(first[row], value) ? 1 : 0 }
    case (.constant(let value), .flat(let rightItems)):
        precondition(rightItems.count == count)
        let second = rightItems.span
        for row in 0..<count { output[row] = body(value, second[row]) ? 1 : 0 }
    case (.constant(let first), .constant(let second)):
        return Bitmap(repeating: body(first, second), count: count)
    }
    return PackedBits.pack(flags, count: count)
}

/// The first row that is not null and fails `isFault`, for the slow path after a loop saw trouble somewhere.
@inline(__always)
func firstRow(count: Int, validity: Bitmap?, where isFault: (Int) -> Bool) -> Int? {
    for row in 0..<count where validity?[row] ?? true {
        if isFault(row) { return row }
    }
    return nil
}
