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
    /// - Errors: `invalidArgument` for the first name that is no zone.
    static func check(_ names: TextOperand, _ call: KernelCall) throws(KernelError) {
        let validity = call.validity
        for row in 0..<(names.isConstant ? min(1, call.rowCount) : call.rowCount) {
            guard validity?[row] ?? true else { continue }
            _ = try ZoneClock(names.string(at: row))
        }
    }

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
final class ZoneClock {
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
        guard let zone = TimeZone(identifier: name) ?? Self.abbreviated(name) else {
            throw KernelError(
                .invalidArgument, "there is no such time zone; write one like 'Europe/Berlin'", ["zone": name]
            )
        }
        self.zone = zone
    }

    /// Hours east of UTC of the abbreviations that PostgreSQL knows by default and that are no zones by themselves.
    private static let abbreviations: [String: Int] = [
        "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "eet": 2,
        "eest": 3, "msk": 3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
        "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "jst": 9, "kst": 9, "aest": 10, "aedt": 11,
        "nzst": 12, "nzdt": 13,
    ]

    /// A zone by its abbreviation, or by its name in other letters: `est`, `europe/berlin`.
    private static func abbreviated(_ name: String) -> TimeZone? {
        let folded = name.lowercased()
        if let hours = abbreviations[folded] { return TimeZone(secondsFromGMT: hours * 3600) }
        return TimeZone.knownTimeZoneIdentifiers.first { $0.lowercased() == folded }
            .flatMap { TimeZone(identifier: $0) }
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
