import Columnar
import Foundation
import Kernels
import Testing

@Suite("Intervals from text")
struct IntervalTests {
    /// Text, units and what PostgreSQL 15.18 makes of it, empty where it refuses: `SELECT (INTERVAL 'text' UNITS)::text`.
    private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/intervals/postgresql-15.tsv")

    /// What PostgreSQL reads although it says nothing, or reads otherwise than it is written; see `IntervalParsing`.
    private static let others: [String: String?] = [
        "01:00 0.5 days": "13:00:00", "P00010203T040506.7": "1 year 2 mons 3 days 04:05:06.7",
        "1 quarter": "3 mons", "1 qtr": "3 mons", "1w2d": "9 days", "P1Y ": "1 year", " P1Y": "1 year",
        "ago 1 day": nil, "1 day ago ago": nil, "5 months ago 3 days": nil, "day 1 day": nil,
        "1 day day": nil,
        "1 day hour": nil, ":1": nil, "1:": nil, "1 microsecondsfoo": nil, "1 millisecondsx": nil,
        "P1e2D": nil, "P3.3M-0.83DT-2.0862066H-6.9156474M": "3 mons 9 days -22:07:17.282604",
        "P3.4133Y4.6M-8.849001W37DT-6.6083H-87M": "3 years 9 mons -6 days -30:41:25.6848",
    ]

    @Test("are those that PostgreSQL 15 reads")
    func postgres() throws {
        let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count > 1000)
        for line in lines {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let names = parts[1].components(separatedBy: " to ")
            let units =
                parts[1].isEmpty ? nil : IntervalUnits(from: names[0], to: names.count > 1 ? names[1] : nil)
            let found = IntervalParsing.interval(parts[0], of: units).map { interval in
                Column.constant(.interval(interval), .interval, count: 1)
            }
            let text = try found?.cast(to: .string).scalar(at: 0)
            let expected = Self.others[parts[0]] ?? (parts[2].isEmpty ? nil : parts[2])
            #expect(text == expected.map { .string($0) }, "'\(parts[0])' \(parts[1])")
        }
    }
}
