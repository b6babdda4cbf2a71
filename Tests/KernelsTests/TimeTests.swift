import Columnar
import Effects
import Kernels
import Testing

struct TimeTests {
    func time(_ text: String) throws -> Value { try parsed(text, .timestamp) }
    func interval(_ text: String) throws -> Value { try parsed(text, .interval) }

    @Test(arguments: [
        ("microsecond", "2013-02-14 05:15:42.123456"), ("second", "2013-02-14 05:15:42"),
        ("minute", "2013-02-14 05:15:00"),
        ("HOUR", "2013-02-14 05:00:00"), ("day", "2013-02-14 00:00:00"), ("week", "2013-02-11 00:00:00"),
        ("month", "2013-02-01 00:00:00"), ("quarter", "2013-01-01 00:00:00"), ("year", "2013-01-01 00:00:00"),
        ("decade", "2010-01-01 00:00:00"), ("century", "2001-01-01 00:00:00"),
    ])
    func dateTruncRoundsDown(_ unit: String, _ expected: String) throws {
        let value = try time("2013-02-14 05:15:42.123456")
        #expect(try shown(.dateTruncate, [text(unit), value], .timestamp) == expected)
    }

    @Test func truncationWorksBefore1970() throws {
        #expect(
            try shown(.dateTruncate, [text("hour"), time("1969-12-31 23:59:59")], .timestamp)
                == "1969-12-31 23:00:00")
        #expect(
            try shown(.dateTruncate, [text("week"), time("1969-12-31 23:59:59")], .timestamp)
                == "1969-12-29 00:00:00")
        #expect(
            code { try shown(.dateTruncate, [text("eon"), time("1969-12-31")], .timestamp) }
                == .invalidArgument)
    }

    @Test(arguments: [
        ("year", 2013.0), ("quarter", 1), ("month", 2), ("week", 7), ("day", 14), ("hour", 5), ("minute", 15),
        ("second", 42.5),
        ("dow", 4), ("isodow", 4), ("doy", 45), ("epoch", 1_360_818_942.5), ("decade", 201), ("century", 21),
        ("milliseconds", 42_500), ("isoyear", 2013),
    ])
    func datePartGivesAField(_ part: String, _ expected: Double) throws {
        let value = try time("2013-02-14 05:15:42.5")
        #expect(try answer(.datePart, [text(part), value], .double) == .double(expected))
        if part != "epoch", part != "second" {
            #expect(try answer(.datePart, [text(part), value], .int) == .int(Int32(expected)))
        }
    }

    @Test(arguments: [
        (ScalarFunction.add, "2013-01-31", "1 month", "2013-02-28 00:00:00"),
        (.add, "2012-02-29", "1 year", "2013-02-28 00:00:00"),
        (.subtract, "2013-03-31", "1 month", "2013-02-28 00:00:00"),
        (.add, "2013-01-01", "-1 day 25:00", "2013-01-01 01:00:00"),
        (.subtract, "1970-01-01", "1 month 1 day", "1969-11-30 00:00:00"),
    ])
    func intervalsMoveTimes(_ function: ScalarFunction, _ start: String, _ step: String, _ expected: String)
        throws
    {
        #expect(try shown(function, [time(start), interval(step)], .timestamp) == expected)
        #expect(try shown(function, [parsed(start, .date), interval(step)], .timestamp) == expected)
    }

    @Test func datesAndIntervalsCompute() throws {
        #expect(try shown(.add, [parsed("2013-01-31", .date), int(1)], .date) == "2013-02-01")
        #expect(
            try answer(.subtract, [parsed("2013-03-01", .date), parsed("2013-02-01", .date)], .int)
                == .int(28))
        #expect(
            try shown(.subtract, [time("2013-03-01 12:00"), time("2013-02-27 13:30")], .interval)
                == "1 day 22:30:00")
        #expect(try shown(.multiply, [interval("1 day 02:00"), double(1.5)], .interval) == "1 day 15:00:00")
        #expect(try shown(.divide, [interval("1 month"), int(2)], .interval) == "15 days")
        #expect(code { try shown(.divide, [interval("1 month"), int(0)], .interval) } == .divisionByZero)
        #expect(try shown(.negate, [interval("1 day")], .interval) == "-1 days")
        #expect(try shown(.add, [parsed("23:30", .time), interval("1 hour")], .time) == "00:30:00")
        #expect(try answer(.less, [interval("29 days"), interval("1 month")], .boolean) == .boolean(true))
        #expect(try answer(.equal, [interval("30 days"), interval("1 month")], .boolean) == .boolean(true))
        #expect(code { try shown(.add, [parsed("2013-01-31", .date), long(.max)], .date) } == .overflow)
    }

    @Test func binsAndBorders() throws {
        #expect(
            try shown(.dateBin, [interval("15 minutes"), time("2013-01-01 05:44")], .timestamp)
                == "2013-01-01 05:30:00")
        #expect(
            try shown(.dateBin, [interval("1 hour"), time("1969-12-31 23:10")], .timestamp)
                == "1969-12-31 23:00:00")
        #expect(
            try shown(.dateBin, [interval("1 month"), time("2013-02-14"), time("2001-01-15")], .timestamp)
                == "2013-01-15 00:00:00")
        #expect(
            code { try shown(.dateBin, [interval("0 days"), time("2013-02-14")], .timestamp) }
                == .invalidArgument)
        #expect(
            try answer(.dateDiff, [text("day"), time("2013-01-01 23:59"), time("2013-01-02 00:01")], .long)
                == .long(1))
        #expect(try shown(.lastDay, [parsed("2012-02-03", .date)], .date) == "2012-02-29")
        #expect(try shown(.makeDate, [int(2012), int(2), int(29)], .date) == "2012-02-29")
        #expect(code { try shown(.makeDate, [int(2013), int(2), int(29)], .date) } == .invalidArgument)
    }

    @Test func timesAreReadAndWritten() throws {
        #expect(try shown(.toTimestamp, [long(1_360_818_942)], .timestamp) == "2013-02-14 05:15:42")
        #expect(try shown(.toTimestampMillis, [long(-1)], .timestamp) == "1969-12-31 23:59:59.999")
        #expect(try shown(.toTimestampNanos, [long(-1)], .timestampNanos) == "1969-12-31 23:59:59.999999999")
        #expect(
            try shown(
                .toTimestamp, [text("14/02/2013 05:15:42 PM"), text("%d/%m/%Y %I:%M:%S %p")], .timestamp)
                == "2013-02-14 17:15:42")
        #expect(
            try shown(
                .toTimestamp,
                [text("Feb 14 2013 05:15:42.25 +0200"), text("%Y"), text("%b %d %Y %H:%M:%S%.f %z")],
                .timestamptz)
                == "2013-02-14 03:15:42.25+00")
        #expect(try shown(.toDate, [text("20130214"), text("%Y%m%d")], .date) == "2013-02-14")
        #expect(code { try shown(.toDate, [text("2013"), text("%Y%m%d")], .date) } == .invalidCast)
        #expect(code { try shown(.toDate, [text("2013"), text("%Q")], .date) } == .invalidPattern)
        #expect(
            try shown(.toChar, [time("2013-02-14 05:15:42"), text("%a %d %B %Y, %H:%M %p %j")], .string)
                == "Thu 14 February 2013, 05:15 AM 045")
        #expect(try answer(.toUnixTime, [time("1969-12-31 23:59:58.5")], .long) == .long(-1))
        let context = KernelContext(now: Instant(microseconds: 86_400_000_001))
        #expect(try answer(.currentDate, [], .date, in: context) == .int(1))
    }

    /// Any 64 bits may come as a time: wrong ones may be refused or look odd, and never stop the process.
    @Test func noTimeIsTooFarAway() throws {
        let extremes: [Int64] = [.min, .min + 1, -1, 0, .max - 1, .max]
        let year = try interval("1 year 1 day 01:00")
        for type: DataType in [.timestamp, .timestamptzNanos] {
            for value in extremes {
                let time = Value(scalar: .long(value), type: type)
                #expect(try time.text != nil)
                for unit in ["microsecond", "hour", "week", "month", "century", "epoch", "isoyear", "second"]
                {
                    _ = code { try answer(.dateTruncate, [text(unit), time], type) }
                    _ = code { try answer(.datePart, [text(unit), time], .double) }
                    _ = code {
                        try answer(
                            .dateDiff, [text(unit), Value(scalar: .long(.max), type: type), time], .long)
                    }
                }
                for target: DataType in [.date, .time, .timestamp, .timestampNanos, .string] {
                    _ = code { try Column(type, [time.scalar]).cast(to: target) }
                }
                _ = code { try answer(.add, [time, year], type) }
                _ = code { try answer(.subtract, [time, year], type) }
                _ = code { try answer(.dateBin, [year, time], type) }
                _ = code { try answer(.dateBin, [interval("3 months"), time], type) }
                _ = code { try answer(.toChar, [time, text("%Y-%m-%d %y %G %j %H:%M:%S%.f %s")], .string) }
                _ = code { try answer(.lastDay, [time], .date) }
            }
        }
        for value: Int32 in [.min, -1, .max] {
            let day = Value(scalar: .int(value), type: .date)
            #expect(try day.text != nil)
            _ = code { try answer(.lastDay, [day], .date) }
            _ = code { try answer(.add, [day, year], .timestamp) }
            _ = code { try answer(.dateTruncate, [text("year"), day], .timestamp) }
        }
        for value: Int64 in [.min, -1, .max] {
            #expect(try Value(scalar: .long(value), type: .time).text != nil)
        }
        #expect(
            try shown(
                .ceil,
                [parsed("0.99999999999999999999999999999999999999", .decimal(precision: 38, scale: 38))],
                .decimal(precision: 38, scale: 0))
                == "1")
    }
}
