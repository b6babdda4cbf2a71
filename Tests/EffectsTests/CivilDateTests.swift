import Effects
import Testing

@Suite("CivilDate")
struct CivilDateTests {
    @Test(
        "days and dates convert both ways, also before 1970 and over leap years",
        arguments: [
            (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (19_723, "2024-01-01"),
            (-719_162, "0001-01-01"),
        ])
    func convertsBothWays(days: Int, text: String) {
        let date = CivilDate(daysSinceEpoch: days)
        #expect(date.description == text)
        #expect(date.daysSinceEpoch == days)
        #expect(date.isValid)
    }

    @Test("a day its month does not have is not valid")
    func refusesImpossibleDays() {
        #expect(!CivilDate(year: 2023, month: 2, day: 29).isValid)
        #expect(!CivilDate(year: 2023, month: 13, day: 1).isValid)
    }

    @Test("an instant prints as RFC 3339 with microseconds")
    func printsInstant() {
        #expect(Instant(microseconds: -1).rfc3339 == "1969-12-31T23:59:59.999999Z")
        #expect(Instant(microseconds: 1_700_000_000_123_456).rfc3339 == "2023-11-14T22:13:20.123456Z")
        #expect(Instant(microseconds: .min).rfc3339 == "-290308-12-21T19:59:05.224192Z")
        #expect(Instant(microseconds: .max).rfc3339 == "+294247-01-10T04:00:54.775807Z")
    }
}
