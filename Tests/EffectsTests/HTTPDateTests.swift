import Effects
import Testing

@Suite("HTTPDate")
struct HTTPDateTests {
    @Test(
        "times are written and read",
        arguments: [
            ("Sat, 31 Jan 2026 12:34:56 GMT", 1_769_862_896), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Fri, 24 May 2013 00:00:00 GMT", 1_369_353_600),
        ])
    func bothWays(text: String, seconds: Int64) {
        let instant = Instant(microseconds: seconds * 1_000_000)
        #expect(HTTPDate.text(instant) == text)
        #expect(HTTPDate.parse(text) == instant)
        #expect(HTTPDate.parse(text.replacing("GMT", with: "-0000")) == instant)
    }

    @Test(
        "anything else is no time",
        arguments: ["", "2026-01-31", "Sat, 31 Feb 2026 12:34:56 GMT", "Sat, 31 Jan 2026 24:00:00 GMT", "0"])
    func refused(text: String) {
        #expect(HTTPDate.parse(text) == nil)
    }
}
