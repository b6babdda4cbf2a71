/// Times in headers: `Sat, 31 Jan 2026 12:34:56 GMT`.
///
/// - Source: RFC 9110, section 5.6.7.
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package static func text(_ instant: Instant) -> String {
        let day = Int(instant.microseconds.floorDivided(by: 86_400_000_000))
        let date = CivilDate(daysSinceEpoch: day)
        let time = String(decoding: instant.rfc3339.utf8.dropFirst(11).prefix(8), as: UTF8.self)
        let name = days[((day % 7) + 7) % 7]
        let zero = date.day < 10 ? "0" : ""
        return "\(name), \(zero)\(date.day) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    /// Nil for any form but that of `text`, which everybody sends today; mail's way to write the zone is taken too, as
    /// botocore signs with it.
    package static func parse(_ text: String) -> Instant? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, ["GMT", "-0000", "+0000"].contains(parts[5]), let day = Int(parts[1]),
            let year = Int(parts[3]),
            (1...9999).contains(year), let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let time = parts[4].split(separator: ":").map { Int($0) }
        guard time.count == 3, let hour = time[0], let minute = time[1], let second = time[2],
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<61).contains(second)
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        guard date.isValid else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second
        return Instant(microseconds: Int64(seconds) * 1_000_000)
    }
}
