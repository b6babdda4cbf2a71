import Columnar
import JSONText
import Testing

@testable import FileFormats

@Suite("Rows as JSON")
struct RowEncoderTests {
    private func text(_ type: DataType, _ scalars: [Scalar]) -> String { text(Column(type, scalars)) }

    private func text(_ column: Column) -> String {
        var bytes: [UInt8] = []
        let schema = Schema([Field("c", column.type)])
        var encoder = RowEncoder(schema: schema)
        encoder.append(Batch(schema: schema, columns: [column], rowCount: column.count), to: &bytes)
        let whole = "[" + String(decoding: bytes, as: UTF8.self) + "]"
        guard let rows = (try? JSONParser.parse(whole))?.array else { return "no JSON: \(whole)" }
        return rows.map { $0["c"]?.description ?? "absent" }.joined(separator: " ")
    }

    @Test("numbers keep all their digits, and what is no number comes as a string")
    func numbers() {
        #expect(
            text(.long, [.long(.max), .long(.min), .long(0), .null]) == "\(Int64.max) \(Int64.min) 0 null")
        #expect(text(.int, [.int(.min)]) == "-2147483648")
        #expect(
            text(.double, [.double(0.1), .double(.nan), .double(-.infinity)]) == #"0.1 "NaN" "-Infinity""#)
        #expect(text(.float, [.float(0.1), .float(.infinity)]) == #"0.1 "Infinity""#)
        #expect(text(.boolean, [.boolean(true), .boolean(false)]) == "true false")
    }

    @Test("values without a type are null, also inside of lists")
    func nullsOfNoType() {
        #expect(text(.null, [.null, .null]) == "null null")
        let lists = Column(.list(Field("element", .null)), [.list([.null, .null]), .list([]), .null])
        #expect(text(lists) == "[null,null] [] null")
    }

    @Test("decimals have exactly their places")
    func decimals() {
        let short = DataType.decimal(precision: 9, scale: 3)
        #expect(
            text(short, [.long(5), .long(-5), .long(123_456), .long(0)])
                == #""0.005" "-0.005" "123.456" "0.000""#)
        let long = DataType.decimal(precision: 38, scale: 0)
        #expect(text(long, [.int128(-(Int128(1) << 100))]) == #""-1267650600228229401496703205376""#)
        #expect(
            text(.decimal(precision: 38, scale: 38), [.int128(1)])
                == "\"0.\(String(repeating: "0", count: 37))1\"")
    }

    @Test("dates and times are RFC 3339, also before 1970 and at the ends of the range")
    func times() {
        #expect(
            text(.date, [.int(0), .int(-1), .int(.max)]) == #""1970-01-01" "1969-12-31" "+5881580-07-11""#)
        #expect(text(.time, [.long(45_296_789_012)]) == #""12:34:56.789012""#)
        #expect(
            text(.timestamp, [.long(-1), .long(0)])
                == #""1969-12-31T23:59:59.999999" "1970-01-01T00:00:00.000000""#)
        #expect(text(.timestamptz, [.long(1_700_000_000_123_000)]) == #""2023-11-14T22:13:20.123000Z""#)
        #expect(text(.timestampNanos, [.long(1_234_567_890)]) == #""1970-01-01T00:00:01.234567890""#)
        #expect(text(.timestamp, [.long(1_234_567)]) == #""1970-01-01T00:00:01.234567""#)
        #expect(text(.timestampNanos, [.long(1)]) == #""1970-01-01T00:00:00.000000001""#)
        #expect(text(.timestamptz, [.long(.min)]).contains("T19:59:05.224192Z"))
    }

    @Test("text is escaped, bytes are base64, broken UTF-8 is mended")
    func strings() {
        #expect(text(.string, [.string("a\"b\\\n\u{1}é")]) == #""a\"b\\\n\u0001é""#)
        #expect(text(.binary, [.bytes([0, 255]), .bytes([])]) == #""AP8=" """#)
        #expect(
            text(.uuid, [.bytes([UInt8](0..<16))]) == #""00010203-0405-0607-0809-0a0b0c0d0e0f""#)
        var broken = StringColumn()
        broken.append([0x61, 0xFF] as [UInt8])
        #expect(text(Column(.string, count: 1, .string(broken))) == "\"a\u{FFFD}\"")
    }

    @Test(
        "intervals are ISO 8601",
        arguments: [
            (Interval(), "PT0S"),
            (Interval(months: 14, days: 3, microseconds: 14_706_700_000), "P1Y2M3DT4H5M6.7S"),
            (Interval(months: -1, days: -2, microseconds: -500_000), "P-1M-2DT-0.5S"),
            (Interval(microseconds: 3_600_000_000), "PT1H"),
        ])
    func intervals(value: Interval, expected: String) {
        #expect(text(.interval, [.interval(value)]) == "\"\(expected)\"")
    }

    @Test("lists, structs and maps nest")
    func nested() {
        let inner = Field("x", .structure([Field("a", .int), Field("b", .string)]))
        #expect(
            text(
                .list(inner),
                [.list([.structure([.int(1), .null]), .null]), .list([]), .null])
                == #"[{"a":1,"b":null},null] [] null"#)
        let byText = DataType.map(key: Field("k", .string), value: Field("v", .int))
        #expect(text(byText, [.map([ScalarPair(.string("q\""), .int(1))]), .map([])]) == #"{"q\"":1} {}"#)
        let byNumber = DataType.map(key: Field("k", .int), value: Field("v", .int))
        #expect(text(byNumber, [.map([ScalarPair(.int(7), .null)])]) == #"[{"key":7,"value":null}]"#)
    }

    @Test("constant and dictionary columns read the same as flat ones")
    func forms() {
        let values = Column(.string, [.string("x"), .string("y")])
        let dictionary = Column(
            .string, count: 3, .dictionary(indices: [1, 0, 1], values: values),
            validity: Bitmap([true, false, true]))
        #expect(text(dictionary) == #""y" null "y""#)
        #expect(text(.constant(.int(7), .int, count: 2)) == "7 7")
        #expect(text(.nulls(.date, count: 2)) == "null null")
    }

    @Test("names that repeat are numbered, without taking another column's name")
    func repeatedNames() {
        let schema = Schema(["a", "a", "a_1", "a"].map { Field($0, .int) })
        let names = RowEncoder(schema: schema).names
        #expect(names == ["a", "a_2", "a_1", "a_3"])
        var bytes: [UInt8] = []
        var encoder = RowEncoder(schema: schema)
        let column = Column(.int, [.int(1)])
        encoder.append(
            Batch(schema: schema, columns: [column, column, column, column], rowCount: 1), to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"a":1,"a_2":1,"a_1":1,"a_3":1}"#)
    }
}
