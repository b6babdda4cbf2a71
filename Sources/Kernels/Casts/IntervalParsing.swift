package import Columnar
import Foundation

/// Reads intervals as PostgreSQL 15 does.
///
///     1 year 2 mons -3 days 04:05:06.7     amounts with units, a clock
///     90    1-2    3 04:05:06              seconds; years and months; days before a clock
///     P1Y2M3DT4H5M6.7S                     ISO 8601 with designators
///     P0001-02-03T04:05:06  P00010203T040506   its alternative format, extended and basic
///
/// PostgreSQL reads a few more that say nothing, and those are refused: a unit without a number (`1 day hour`), `ago` before
/// the end, a clock without hours or minutes (`:1`), exponents. A quarter is a unit here too. Three answers differ, where
/// there they are slips: `01:00 0.5 days` keeps the half day, `P00010203T040506.7` its seven tenths, and `P3.3M` has nine days as
/// `3.3 months` has, not 8.999….
package enum IntervalParsing {
    /// `units` are those written behind the text, which say what its numbers count.
    ///
    /// - Errors: nil for what is no interval, and for one that is too long.
    package static func interval(_ text: String, of units: IntervalUnits? = nil) -> Interval? {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        let amounts =
            trimmed.hasPrefix("P")
            ? ISOIntervalReader.amounts(trimmed) : IntervalFieldReader.amounts(trimmed, of: units)
        guard let interval = amounts?.interval else { return nil }
        return units?.cut(interval) ?? interval
    }
}
