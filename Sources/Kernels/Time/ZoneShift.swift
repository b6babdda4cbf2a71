import Columnar
import Effects
import Foundation

/// timezone(zone, time), which is AT TIME ZONE: an instant as a zone's clock shows it, or the instant at which it does.
///
/// A time that a clock skips is read with the offset before the jump, one that it shows twice as the later instant, as
/// in PostgreSQL.
///
/// - Errors: `invalidArgument` for a zone that is not in the database of zones.
/// - Cost: the database is asked once for each quarter of an hour in the column: offsets change only at quarters.
enum ZoneShift {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let names = try call.text(0)
        let time = call.arguments[1]
        let isInstant = time.type == .timestamptz || time.type == .timestamptzNanos
        let isNanos = time.type == .timestampNanos || time.type == .timestamptzNanos
        let unitsASecond: Int64 = isNanos ? 1_000_000_000 : 1_000_000
        let values: Operand<Int64> = time.operand()
        var clocks: [String: ZoneClock] = [:]
        let fixed = call.constantText(0)
        return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
            let name = fixed ?? names.string(at: row)
            let clock = if let known = clocks[name] { known } else { try ZoneClock(name) }
            clocks[name] = clock
            let value = values[row]
            let second = value.floorDivided(by: unitsASecond)
            let offset = isInstant ? clock.offset(at: second) : -clock.offset(ofLocal: second)
            let (shifted, overflow) = value.addingReportingOverflow(offset * unitsASecond)
            guard !overflow else {
                throw KernelError(.overflow, "the time is out of range", ["zone": name])
            }
            return shifted
        }
    }
}

/// One zone's offsets from UTC in seconds, remembered by quarters of an hour.
private final class ZoneClock {
    private static let quarter: Int64 = 900
    private let zone: TimeZone
    private var known: [Int64: Int64] = [:]

    init(_ name: String) throws(KernelError) {
        // Fixed offsets have two readings, ISO's and POSIX's, with opposite signs.
        guard name.contains(where: \.isLetter) else {
            throw KernelError(
                .invalidArgument,
                "the sign of an offset has two readings; write INTERVAL '2 hours' for two hours east",
                ["zone": name])
        }
        guard let zone = TimeZone(identifier: name) else {
            throw KernelError(
                .invalidArgument, "there is no such time zone; write one like 'Europe/Berlin'", ["zone": name]
            )
        }
        self.zone = zone
    }

    /// `second` counts from 1970 UTC.
    func offset(at second: Int64) -> Int64 {
        let bucket = second.floorDivided(by: Self.quarter)
        if let offset = known[bucket] { return offset }
        let date = Date(timeIntervalSince1970: Double(bucket) * Double(Self.quarter))
        let offset = Int64(zone.secondsFromGMT(for: date))
        known[bucket] = offset
        return offset
    }

    /// `second` counts from 1970 on the zone's own clock.
    func offset(ofLocal second: Int64) -> Int64 {
        let day: Int64 = 86_400
        let (before, after) = (offset(at: second &- day), offset(at: second &+ day))
        if before == after { return before }
        return offset(at: second &- after) == after ? after : before
    }
}
