import Columnar
import Kernels
import Testing

struct CastTests {
    @Test(arguments: [
        ("12", DataType.int, "12"), (" -7 ", .long, "-7"), ("1e3", .double, "1000"), ("0.1", .double, "0.1"),
        ("1e15", .double, "1e+15"), ("0.0001", .double, "0.0001"), ("0.00001", .double, "1e-05"),
        ("123456789012345680", .double, "1.2345678901234568e+17"), ("-0", .double, "-0"),
        ("inf", .double, "Infinity"),
        ("NaN", .float, "NaN"), ("16777217", .float, "1.6777216e+07"), ("yes", .boolean, "true"),
        ("1.005", .decimal(precision: 9, scale: 2), "1.01"), ("-.5", .decimal(precision: 9, scale: 0), "-1"),
        ("1.5e2", .decimal(precision: 20, scale: 1), "150.0"),
        ("0.004", .decimal(precision: 9, scale: 2), "0.00"),
        ("2013-01-31", .date, "2013-01-31"), ("2013-1-2 03:04", .date, "2013-01-02"),
        ("05:15", .time, "05:15:00"),
        ("2013-01-31 05:15:00.250", .timestamp, "2013-01-31 05:15:00.25"),
        ("2013-01-31T05:15:00+02:00", .timestamp, "2013-01-31 05:15:00"),
        ("2013-01-31T05:15:00+02:00", .timestamptz, "2013-01-31 03:15:00+00"),
        ("1969-12-31T23:59:59.999999999Z", .timestamptzNanos, "1969-12-31 23:59:59.999999999+00"),
        ("1 year 2 mons 3 days 04:05:06.7", .interval, "1 year 2 mons 3 days 04:05:06.7"),
        ("P1Y2M3DT4H5M6S", .interval, "1 year 2 mons 3 days 04:05:06"),
        ("1.5 days", .interval, "1 day 12:00:00"),
        ("3 weeks ago", .interval, "-21 days"),
        ("00010203-0405-0607-0809-0A0B0C0D0E0F", .uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("ab", .binary, "\\x6162"), ("{\"a\": 1}", .json, "{\"a\": 1}"),
    ])
    func textReadsAndPrints(_ text: String, _ type: DataType, _ printed: String) throws {
        #expect(try parsed(text, type).text == printed)
    }

    @Test(arguments: [
        ("", DataType.int, KernelError.Code.invalidCast), ("1x", .int, .invalidCast),
        ("2147483648", .int, .overflow),
        ("9223372036854775808", .long, .overflow), ("0x10", .double, .invalidCast),
        ("1e999", .double, .overflow),
        ("maybe", .boolean, .invalidCast), ("2013-02-30", .date, .invalidCast),
        ("2013-01-01 25:00", .timestamp, .invalidCast),
        ("100", .decimal(precision: 2, scale: 0), .overflow),
        ("1.2.3", .decimal(precision: 9, scale: 2), .invalidCast),
        ("3 apples", .interval, .invalidCast), ("00", .uuid, .invalidCast), ("{", .json, .invalidCast),
        ("abc", .fixed(2), .invalidCast), ("999999999999-01-01", .date, .invalidCast),
    ])
    func wrongTextFailsOrIsNullWhenTried(_ text: String, _ type: DataType, _ expected: KernelError.Code)
        throws
    {
        #expect(code { try parsed(text, type) } == expected)
        let column = Column(.string, [.string(text), .null, .string(text)])
        #expect(try column.cast(to: type, isTry: true).scalars == [.null, .null, .null])
        do {
            _ = try Column(.string, [.null, .string(text)]).cast(to: type)
            Issue.record("no error")
        } catch {
            #expect(error.row == 1)
        }
    }

    @Test func numbersRoundAsPostgreSQLDoes() throws {
        func cast(_ value: Value, _ type: DataType) throws -> String? {
            try Value(scalar: Column(value.type, [value.scalar]).cast(to: type).scalar(at: 0), type: type)
                .text
        }
        #expect(try cast(double(2.5), .int) == "2")
        #expect(try cast(double(3.5), .long) == "4")
        #expect(try cast(parsed("2.5", .decimal(precision: 3, scale: 1)), .int) == "3")
        #expect(try cast(double(1.005), .decimal(precision: 9, scale: 2)) == "1.01")
        #expect(try cast(int(7), .decimal(precision: 30, scale: 2)) == "7.00")
        #expect(try cast(parsed("1.25", .decimal(precision: 9, scale: 2)), .double) == "1.25")
        #expect(try cast(truth(true), .int) == "1")
        #expect(code { try cast(double(.nan), .int) } == .overflow)
        #expect(code { try cast(double(3e9), .int) } == .overflow)
        #expect(code { try cast(long(100), .decimal(precision: 3, scale: 1)) } == .overflow)
        #expect(code { try cast(int(1), .timestamp) } == .unsupported)
        #expect(try cast(parsed("1969-12-31 12:00:00", .timestamp), .date) == "1969-12-31")
        #expect(try cast(parsed("1969-12-31 12:00:00", .timestamp), .time) == "12:00:00")
        #expect(try cast(parsed("1970-01-02", .date), .timestamptz) == "1970-01-02 00:00:00+00")
        #expect(code { try cast(parsed("9999-01-01", .timestamp), .timestampNanos) } == .overflow)
    }

    @Test func aDictionaryEntryNobodyUsesMayBeWrong() throws {
        let words = Column(.string, [.string("1"), .string("x")])
        let column = Column(.string, count: 3, .dictionary(indices: [0, 0, 0], values: words))
        #expect(try column.cast(to: .int).scalars == [.int(1), .int(1), .int(1)])
        let used = Column(.string, count: 2, .dictionary(indices: [0, 1], values: words))
        #expect(code { try used.cast(to: .int) } == .invalidCast)
        #expect(try used.cast(to: .int, isTry: true).scalars == [.int(1), .null])
        #expect(try used.cast(to: .binary).cast(to: .string).scalars == [.string("\\x31"), .string("\\x78")])
    }

    @Test func nestedValuesCastInsideAndPrintAsJSON() throws {
        let list = Column(.list(Field("element", .int)), [.list([.int(1), .null]), .null])
        let wide = try list.cast(to: .list(Field("element", .double)))
        #expect(wide.scalars == [.list([.double(1), .null]), .null])
        #expect(try list.cast(to: .string).scalars == [.string("[1,null]"), .null])
        let row = Column(
            .structure([Field("a", .timestamptz), Field("b", .string)]),
            [.structure([.long(0), .string("x\"y")])])
        #expect(
            try row.cast(to: .string).scalar(at: 0) == .string(#"{"a":"1970-01-01T00:00:00Z","b":"x\"y"}"#))
    }

    @Test("a decimal becomes the binary number nearest to it, as its text does")
    func nearest() throws {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<5000 {
            let precision = 1 + next(38)
            let scale = next(precision + 1)
            let digits = (0..<precision).map { _ in String(next(10)) }.joined()
            let sign = round % 2 == 0 ? "-" : ""
            let text = "\(sign)0\(digits.dropLast(scale)).\(digits.suffix(scale))0"
            let type = DataType.decimal(precision: precision, scale: scale)
            let column = try Column(.string, [.string(text)]).cast(to: type)
            // The library reads a text to the nearest number.
            #expect(try column.cast(to: .double).scalar(at: 0) == Double(text).map { .double($0) }, "\(text)")
            #expect(try column.cast(to: .float).scalar(at: 0) == Float(text).map { .float($0) }, "\(text)")
        }
    }
}
