import Columnar

/// coalesce, nullif, greatest, least: functions that look at nulls themselves.
enum Conditional {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        var arguments: [Column] = []
        for (index, argument) in call.arguments.enumerated() {
            let isCondition = call.function == .nvl2 && index == 0
            arguments.append(
                isCondition || call.function == .nullif ? argument : try argument.cast(to: call.result))
        }
        switch call.function {
        case .coalesce: return coalesce(arguments, call)
        case .nvl2: return choose(arguments[0].validityBits(), arguments[1], arguments[2])
        case .nullif: return try nullif(arguments, call)
        case .greatest, .least: return try extreme(arguments, call)
        case .nanvl:
            let isNaN: Bitmap
            switch arguments[0].type {
            case .float:
                isNaN = testFixed(arguments[0].operand(Float.self), count: call.rowCount) { $0 != $0 }
            case .double:
                isNaN = testFixed(arguments[0].operand(Double.self), count: call.rowCount) { $0 != $0 }
            default: throw call.unsupported()
            }
            return choose(isNaN & arguments[0].validityBits(), arguments[1], arguments[0])
        default: throw call.unsupported()
        }
    }

    private static func coalesce(_ arguments: [Column], _ call: KernelCall) -> Column {
        var result = arguments[0]
        for next in arguments.dropFirst() where result.mayHaveNulls {
            result = choose(result.validityBits(), result, next)
        }
        return result
    }

    private static func nullif(_ arguments: [Column], _ call: KernelCall) throws(KernelError) -> Column {
        let (left, right) = (arguments[0], arguments[1])
        let both = left.validityBits() & right.validityBits()
        let isSame = try Comparison.values(.equal, left, right) & both
        let kept = arguments[0].validityBits() & ~isSame
        let flat = try arguments[0].cast(to: call.result).flattened()
        return Column(call.result, count: call.rowCount, flat.values, validity: kept.isAllSet ? nil : kept)
    }

    /// Nulls are left out: null only when all are.
    private static func extreme(_ arguments: [Column], _ call: KernelCall) throws(KernelError) -> Column {
        var best = arguments[0]
        for next in arguments.dropFirst() {
            let wins = try Comparison.bits(
                call.function == .greatest ? .greaterOrEqual : .lessOrEqual, best, next)
            let takesBest = best.validityBits() & (wins | ~next.validityBits())
            best = choose(takesBest, best, next)
        }
        return best
    }

    /// Row by row the first column where the bit is set, else the second. Both have the same type.
    static func choose(_ condition: Bitmap, _ first: Column, _ second: Column) -> Column {
        let chosen = condition.setCount
        if chosen == condition.count { return first }
        if chosen == 0 { return second }
        let count = condition.count
        // Row r of the result is row r of the first or row `count + r` of both behind one another.
        let both = Column.concatenate([first.flattened(), second.flattened()], type: first.type)
        let rows = (0..<count).map { Int32(truncatingIfNeeded: condition[$0] ? $0 : count + $0) }
        return both.gather(rows)
    }
}
