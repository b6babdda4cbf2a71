import Columnar
import Effects

/// date_bin: rounds down to a multiple of an interval, counted from an origin (1970-01-01 when none is given).
enum DateBinning {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let strides = call.arguments[0]
        let source = call.arguments[1].type
        let type: DataType = source.isTimestamp ? source : .timestamp
        let values: Operand<Int64> = try call.argument(1, as: type).operand()
        let origins: Operand<Int64> = call.has(2) ? try call.argument(2, as: type).operand() : .constant(0)
        let perMicrosecond = type.unitsPerSecond / 1_000_000
        let perDay = 86_400_000_000 * perMicrosecond
        let fixed = strides.constantValue
        let column = try call.rows.fixed(type) { row throws(KernelError) -> Int64? in
            guard case .interval(let stride) = fixed ?? strides.scalar(at: row) else {
                throw call.unsupported()
            }
            if stride.months > 0, stride.days == 0, stride.microseconds == 0 {
                return months(values[row], origins[row], Int(stride.months), perDay)
            }
            let length =
                (Int128(stride.days) * 86_400_000_000 + Int128(stride.microseconds)) * Int128(perMicrosecond)
            guard stride.months == 0, length > 0, let step = Int64(exactly: length) else {
                throw KernelError(.invalidArgument, "the stride must be positive, months or days and time")
            }
            let (distance, overflow) = values[row].subtractingReportingOverflow(origins[row])
            guard !overflow else { throw KernelError(.overflow, "the times are too far apart") }
            return origins[row] &+ distance.floorDivided(by: step) &* step
        }
        return try column.cast(to: call.result)
    }

    private static func months(_ value: Int64, _ origin: Int64, _ step: Int, _ perDay: Int64) -> Int64 {
        let originDay = Int(origin.floorDivided(by: perDay))
        let clock = origin.floorRemainder(dividingBy: perDay)
        let from = CivilDate(daysSinceEpoch: originDay)
        let to = CivilDate(daysSinceEpoch: Int(value.floorDivided(by: perDay)))
        let apart = Int64((to.year - from.year) * 12 + to.month - from.month)
        var bin = apart.floorDivided(by: Int64(step)) * Int64(step)
        func start(_ months: Int64) -> Int64 {
            Int64(Calendar.addMonths(Int(months), toDay: originDay)) &* perDay &+ clock
        }
        if start(bin) > value { bin -= Int64(step) }
        return start(bin)
    }
}
