import Columnar
import Effects

/// Reads dates, times, timestamps and intervals from text.
///
///     2013-01-31            2013-01-31 05:15        2013-01-31T05:15:00.123456789Z      2013-01-31 05:15:00 +02:00
///     05:15[:00[.123]]      1 year 2 mons 3 days 04:05:06.789       P1Y2M3DT4H5M6.789S
package enum TimeParsing {
    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// A place in text; every step either takes what it names or stays where it is.
    private struct Cursor {
        var position: Int
        let end: Int

        init(_ text: Span<UInt8>) {
            let range = NumberParsing.trimmed(text)
            position = range.lowerBound
            end = range.upperBound
        }

        var isAtEnd: Bool { position >= end }

        func next(_ text: Span<UInt8>) -> UInt8? { position < end ? text[position] : nil }

        mutating func take(_ character: Unicode.Scalar, _ text: Span<UInt8>) -> Bool {
            guard next(text) == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }

        /// Between `fewest` and `most` digits as a number.
        mutating func digits(_ fewest: Int, _ most: Int, _ text: Span<UInt8>) -> Int? {
            var value = 0
            var count = 0
            while count < most, let byte = next(text), let digit = NumberParsing.digit(byte) {
                value = value * 10 + digit
                count += 1
                position += 1
            }
            return count >= fewest ? value : nil
        }
    }

    /// Days since 1970-01-01.
    package static func date(_ text: Span<UInt8>) -> Int32? {
        var cursor = Cursor(text)
        guard let days = readDate(&cursor, text) else { return nil }
        // A timestamp reads as its day, as in PostgreSQL.
        if !cursor.isAtEnd {
            guard cursor.take("T", text) || cursor.take(" ", text), readTime(&cursor, text) != nil else {
                return nil
            }
            _ = readZone(&cursor, text)
        }
        return cursor.isAtEnd ? Int32(exactly: days) : nil
    }

    /// Microseconds since midnight: what Arrow and Iceberg have for it ends before 24:00, which PostgreSQL's does not.
    ///
    /// The last half microsecond of a day is not rounded up but cut off, as in DuckDB.
    package static func time(_ text: Span<UInt8>) -> Int64? {
        var cursor = Cursor(text)
        guard let nanoseconds = readTime(&cursor, text), cursor.isAtEnd,
            nanoseconds < microsecondsPerDay * 1000
        else { return nil }
        return min((nanoseconds + 500) / 1000, microsecondsPerDay - 1)
    }

    /// Nanoseconds since 1970-01-01T00:00Z in 128 bits, with the zone taken off when there is one.
    ///
    /// `ignoresZone`: for types without a zone PostgreSQL drops what stands there.
    package static func timestampNanoseconds(_ text: Span<UInt8>, ignoresZone: Bool) -> Int128? {
        var cursor = Cursor(text)
        guard let days = readDate(&cursor, text) else { return nil }
        var nanoseconds: Int64 = 0
        var zoneSeconds = 0
        if !cursor.isAtEnd {
            guard cursor.take("T", text) || cursor.take("t", text) || cursor.take(" ", text),
                let time = readTime(&cursor, text)
            else { return nil }
            nanoseconds = time
            if !cursor.isAtEnd {
                guard let zone = readZone(&cursor, text) else { return nil }
                zoneSeconds = ignoresZone ? 0 : zone
            }
        }
        guard cursor.isAtEnd else { return nil }
        return (Int128(days) * 86_400 - Int128(zoneSeconds)) * 1_000_000_000 + Int128(nanoseconds)
    }

    private static func readDate(_ cursor: inout Cursor, _ text: Span<UInt8>) -> Int? {
        let isNegative = cursor.take("-", text)
        if !isNegative { _ = cursor.take("+", text) }
        guard let year = cursor.digits(4, 6, text), cursor.take("-", text),
            let month = cursor.digits(1, 2, text),
            cursor.take("-", text), let day = cursor.digits(1, 2, text)
        else { return nil }
        let date = CivilDate(year: isNegative ? -year : year, month: month, day: day)
        return date.isValid ? date.daysSinceEpoch : nil
    }

    /// Nanoseconds since midnight; `24:00:00` is allowed, `23:59:60` rolls over.
    private static func readTime(_ cursor: inout Cursor, _ text: Span<UInt8>) -> Int64? {
        guard let hour = cursor.digits(1, 2, text), cursor.take(":", text),
            let minute = cursor.digits(2, 2, text),
            minute < 60
        else { return nil }
        var second = 0
        var fraction: Int64 = 0
        if cursor.take(":", text) {
            guard let seconds = cursor.digits(2, 2, text), seconds <= 60 else { return nil }
            second = seconds
            if cursor.take(".", text) || cursor.take(",", text) {
                let start = cursor.position
                guard let digits = cursor.digits(1, 9, text) else { return nil }
                fraction = Int64(digits)
                for _ in (cursor.position - start)..<9 { fraction *= 10 }
                // Beyond nanoseconds nothing is kept.
                while let byte = cursor.next(text), NumberParsing.digit(byte) != nil { cursor.position += 1 }
            }
        }
        guard hour < 24 || (hour == 24 && minute == 0 && second == 0 && fraction == 0) else { return nil }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000_000 + fraction
    }

    /// Seconds east of Greenwich: `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`, with a space before allowed.
    private static func readZone(_ cursor: inout Cursor, _ text: Span<UInt8>) -> Int? {
        while cursor.take(" ", text) {}
        if cursor.take("Z", text) || cursor.take("z", text) { return 0 }
        for name in ["UTC", "GMT"] where cursor.end - cursor.position == 3 {
            if zip(name.utf8, 0..<3).allSatisfy({ text[cursor.position + $1] & 0xDF == $0 }) {
                cursor.position += 3
                return 0
            }
        }
        let isWest = cursor.take("-", text)
        guard isWest || cursor.take("+", text), let hours = cursor.digits(2, 2, text), hours <= 15 else {
            return nil
        }
        var minutes = 0
        if cursor.take(":", text) {
            guard let value = cursor.digits(2, 2, text) else { return nil }
            minutes = value
        } else if !cursor.isAtEnd {
            guard let value = cursor.digits(2, 2, text) else { return nil }
            minutes = value
        }
        guard minutes < 60 else { return nil }
        return (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
}
