import Columnar
import Effects

/// `timestamp(3)`, `time(0)`: rounds to so many digits behind the seconds, given second as a constant; half away from
/// 2000-01-01, from which PostgreSQL counts.
///
/// A time of day stays before 24:00: what would be rounded up to it is the last one that has so many digits.
///
/// Source: PostgreSQL, `AdjustTimestampForTypmod`, `AdjustTimeForTypmod`.
enum TimeRounding {
    private static let origin: Int64 = 946_684_800

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let type = call.arguments[0].type
        guard type.isTimestamp || type == .time, case .int(let digits)? = call.arguments[1].constantValue,
            (0...6).contains(digits)
        else { throw call.unsupported() }
        var step = type.unitsPerSecond
        for _ in 0..<digits { step /= 10 }
        let values: Operand<Int64> = call.arguments[0].operand()
        let pivot = type == .time ? 0 : origin * type.unitsPerSecond
        let lastTime = 86_400 * type.unitsPerSecond - step
        return try call.rows.fixed(type) { row throws(KernelError) -> Int64? in
            // Whole seconds from 1970 are whole seconds from 2000: only which side halves go to differs.
            let value = values[row]
            let down = value.floorDivided(by: step) * step
            let rest = value - down
            let isUp = rest * 2 > step || rest * 2 == step && value >= pivot
            guard isUp else { return down }
            if type == .time { return min(down + step, lastTime) }
            let (up, overflow) = down.addingReportingOverflow(step)
            guard !overflow else { throw KernelError(.overflow, "the time is out of range") }
            return up
        }
    }
}
