import Columnar
import Effects
import FileFormats
import JSONText
import Testing

@Suite("Event parser")
struct EventParserTests {
    static func parse(
        _ text: String, _ fields: [StreamField], unknown: UnknownFieldPolicy = .count,
        framing: EventFraming = .lines
    ) throws -> ParsedEvents {
        try EventParser(schema: .fields(fields), unknownFields: unknown).parse(
            Array(text.utf8), framing: framing)
    }

    /// The one value of one event, or the misfit's code.
    static func value(_ text: String, _ type: StreamType) throws -> (Scalar?, MisfitCode?) {
        let events = try parse("{\"v\":\(text)}", [StreamField("v", type)])
        // The same value inside a list takes the other reader; both must agree.
        let nested = try parse("{\"v\":[\(text)]}", [StreamField("v", .list(StreamField("element", type)))])
        let scalar = events.batches.first?.columns[0].scalar(at: 0)
        var inner: Scalar?
        if case .list(let items)? = nested.batches.first?.columns[0].scalar(at: 0) { inner = items[0] }
        #expect("\(scalar as Any)" == "\(inner as Any)", "\(text) as \(type)")
        #expect(events.misfits.first?.code == nested.misfits.first?.code, "\(text) as \(type)")
        return (scalar, events.misfits.first?.code)
    }

    @Test(
        "every type accepts its forms",
        arguments: [
            ("\"a\\u00e9\\n\"", .string, .string("aé\n")), ("-5", .int32, .int(-5)),
            ("\"7\"", .int32, .int(7)),
            ("5.0", .int32, .int(5)), ("1.3e1", .int32, .int(13)),
            ("-9223372036854775808", .int64, .long(.min)),
            ("4294967295", .uint32, .long(4_294_967_295)),
            ("18446744073709551615", .uint64, .int128(18_446_744_073_709_551_615)),
            ("1.5", .float32, .float(1.5)),
            ("1e-320", .float64, .double(Double("1e-320") ?? 1)), ("1e-400", .float64, .double(0)),
            ("0.1", .float64, .double(0.1)), ("\"-Infinity\"", .float64, .double(-.infinity)),
            ("true", .bool, .boolean(true)), ("12.5", .decimal(precision: 9, scale: 2), .long(1250)),
            ("\"-0.01\"", .decimal(precision: 9, scale: 2), .long(-1)),
            ("1.5e3", .decimal(precision: 30, scale: 2), .int128(150_000)),
            ("12.500", .decimal(precision: 3, scale: 1), .long(125)),
            ("\"2026-01-31T12:34:56.7890129Z\"", .timestamp(unit: .second), .long(1_769_862_896_789_012)),
            ("\"2026-01-31 12:34:56+02:00\"", .timestamp(unit: .second), .long(1_769_855_696_000_000)),
            ("\"1969-12-31T23:59:59.5\"", .timestamp(unit: .second), .long(-500_000)),
            ("1700000000.25", .timestamp(unit: .second), .long(1_700_000_000_250_000)),
            ("-1", .timestamp(unit: .nanosecond), .long(-1)),
            ("1500", .timestamp(unit: .millisecond), .long(1_500_000)),
            ("\"2024-02-29\"", .date, .int(19782)), ("{\"a\":[1, 2]}", .json, .string("{\"a\":[1, 2]}")),
            ("\"x\"", .json, .string("\"x\"")), ("\"AQID\"", .binary, .bytes([1, 2, 3])),
            ("\"AQIDBA==\"", .binary, .bytes([1, 2, 3, 4])), ("\"\"", .binary, .bytes([])),
            (
                "\"6ba7b810-9dad-11D1-80b4-00c04fd430c8\"", .uuid,
                .bytes([
                    0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0, 0xc0, 0x4f, 0xd4, 0x30,
                    0xc8,
                ])
            ),
            ("null", .int32, .null),
        ] as [(String, StreamType, Scalar)])
    func accepts(text: String, type: StreamType, expected: Scalar) throws {
        if type == .json, text.contains(" ") {
            let events = try Self.parse("{\"v\":\(text)}", [StreamField("v", type)])
            #expect(events.batches.first?.columns[0].scalar(at: 0) == expected)
        } else {
            #expect(try Self.value(text, type).0 == expected)
        }
    }

    @Test(
        "every type refuses what it cannot hold",
        arguments: [
            ("1", .string, .typeMismatch), ("2147483648", .int32, .outOfRange),
            ("1.5", .int64, .typeMismatch),
            ("1e-3", .int64, .typeMismatch), ("1e19", .int64, .outOfRange), ("\"x\"", .int64, .parseFailure),
            ("\" 1\"", .int64, .parseFailure),
            ("-1", .uint32, .outOfRange), ("18446744073709551616", .uint64, .outOfRange),
            ("1e400", .float64, .outOfRange), ("1e39", .float32, .outOfRange),
            ("\"1.5\"", .float64, .parseFailure),
            ("\"true\"", .bool, .typeMismatch), ("0.001", .decimal(precision: 9, scale: 2), .outOfRange),
            ("10000000", .decimal(precision: 9, scale: 2), .outOfRange),
            ("\"\"", .decimal(precision: 9, scale: 2), .parseFailure),
            ("\"2026-02-30T00:00:00Z\"", .timestamp(unit: .second), .parseFailure),
            ("\"2026-02-03\"", .timestamp(unit: .second), .parseFailure),
            ("\"2026-02-03T00:00:00+2:00\"", .timestamp(unit: .second), .parseFailure),
            ("1e18", .timestamp(unit: .second), .outOfRange), ("\"2023-02-29\"", .date, .parseFailure),
            ("\"A\"", .binary, .parseFailure), ("\"A===\"", .binary, .parseFailure),
            ("\"é===\"", .binary, .parseFailure),
            ("\"6ba7b810-9dad-11d1-80b4-00c04fd430c\"", .uuid, .parseFailure), ("[1]", .int32, .typeMismatch),
            ("{}", .string, .typeMismatch), ("true", .date, .typeMismatch),
        ] as [(String, StreamType, MisfitCode)])
    func refuses(text: String, type: StreamType, code: MisfitCode) throws {
        #expect(try Self.value(text, type).1 == code)
    }

    @Test("JSON inside lists and structs is kept as it was written, as outside")
    func keepsNestedJSON() throws {
        let json = "{\"\u{E9}\":1,\"e\u{301}\":2,\"a\":  1.0 , \"a\":2}"
        let item = StreamField("element", .json)
        let events = try Self.parse(
            "[{\"j\":\(json),\"x\":{\"j\": \(json) ,\"l\":[\(json), null,\n7.0]}}, {\"x\":{\"j\":null}}]",
            [
                StreamField("j", .json),
                StreamField("x", .structure([StreamField("j", .json), StreamField("l", .list(item))])),
            ], framing: .array)
        let rows = events.batches.flatMap(\.rows)
        func bytes(_ scalar: Scalar) -> [UInt8]? {
            if case .string(let text) = scalar { Array(text.utf8) } else { nil }
        }
        guard case .structure(let members) = rows[0][1], case .list(let items) = members[1] else {
            Issue.record("\(rows)")
            return
        }
        for scalar in [rows[0][0], members[0], items[0]] { #expect(bytes(scalar) == Array(json.utf8)) }
        #expect(items[1] == .null && items[2] == .string("7.0"))
        #expect(rows[1][1] == .structure([.null, .null]))
    }

    @Test("a misfit tells its event, path, and what was expected and found")
    func describesMisfits() throws {
        let events = try Self.parse(
            """
            [{"id":1}, {"id":"x", "name":"a"}, 7, {"name":"b"},
             {"id":null}, {"id":2,"tags":[1,"y"]}, {"id":3,"user":{"age":"old"}}]
            """,
            [
                StreamField("id", .int64, isRequired: true), StreamField("name", .string),
                StreamField("tags", .list(StreamField("element", .int32))),
                StreamField("user", .structure([StreamField("age", .int32)])),
            ], framing: .array)
        #expect(events.eventCount == 7 && events.rowCount == 1)
        #expect(
            events.misfits.map { "\($0.index) \($0.code.rawValue) \($0.path) \($0.message) | \($0.raw)" } == [
                #"1 parse_failure $.id expected an integer of int64, found "x" | {"id":"x", "name":"a"}"#,
                "2 type_mismatch $ expected an object, found 7 | 7",
                #"3 missing_field $.id the required field is missing; expected an integer of int64 | {"name":"b"}"#,
                #"4 null_value $.id the required field is null; expected an integer of int64 | {"id":null}"#,
                #"5 parse_failure $.tags[1] expected an integer of int32, found "y" | {"id":2,"tags":[1,"y"]}"#,
                #"6 parse_failure $.user.age expected an integer of int32, found "old" | {"id":3,"user":{"age":"old"}}"#,
            ])
    }

    @Test("unknown fields are counted, or make the event a misfit")
    func unknownFields() throws {
        let text = "{\"a\":1,\"b\":{\"c\":[]}}\n{\"x y\":1,\"a\":2}"
        let fields = [StreamField("a", .int32)]
        let counted = try Self.parse(text, fields)
        #expect(counted.rowCount == 2 && counted.unknownFieldCount == 2)
        let refused = try Self.parse(text, fields, unknown: .reject)
        #expect(refused.misfits.map(\.path) == ["$.b", "$['x y']"])
    }

    @Test("a name that comes twice keeps the last value; escaped names are found")
    func repeatedNames() throws {
        let fields = [StreamField("a", .int32), StreamField("b", .string)]
        let events = try Self.parse(
            "{\"a\":\"x\",\"\\u0062\":\"1\",\"a\":2}\n{\"a\":2,\"a\":\"x\"}\n{\"b\":\"y\",\"a\":1,\"a\":null}",
            fields)
        #expect(events.batches[0].rows == [[.int(2), .string("1")], [.null, .string("y")]])
        #expect(events.misfits.map(\.index) == [1])
    }

    @Test("an unstructured stream keeps every event's text")
    func unstructured() throws {
        let parser = try EventParser(schema: .unstructured)
        let events = try parser.parse(Array("[{\"a\": 1}, 2 ,\"x\"]".utf8), framing: .array)
        #expect(
            events.batches[0].columns[0].scalars == [.string("{\"a\": 1}"), .string("2"), .string("\"x\"")])
    }

    @Test(
        "many events come in batches of 8,192 rows, misfits between them",
        arguments: [8191, 8192, 8193, 20000])
    func batches(count: Int) throws {
        let lines = (0..<count).map {
            $0 % 1000 == 7 ? "{\"n\":\"x\"}" : "{\"n\":\($0),\"s\":\"row number \($0)\"}"
        }
        let events = try Self.parse(
            lines.joined(separator: "\n"), [StreamField("n", .int64), StreamField("s", .string)])
        #expect(events.eventCount == count && events.rowCount + events.misfits.count == count)
        #expect(events.batches.allSatisfy { $0.rowCount <= Batch.capacity })
        let rows = events.batches.flatMap(\.rows)
        let expected = (0..<count).filter { $0 % 1000 != 7 }
        #expect(rows.map(\.[0]) == expected.map { .long(Int64($0)) })
        #expect(rows.map(\.[1]) == expected.map { .string("row number \($0)") })
    }

    @Test("a parser takes body after body, also after a malformed one")
    func reuse() throws {
        let parser = try EventParser(schema: .fields([StreamField("a", .string, isRequired: true)]))
        for round in 0..<5 {
            let text = "{\"a\":\"a string of round \(round)\"}"
            #expect(try parser.parse(Array(text.utf8), framing: .lines).rowCount == 1)
            #expect(throws: FileFormatsError.self) {
                try parser.parse(Array("{\"a\":\"b\",}".utf8), framing: .lines)
            }
            #expect(try parser.parse([], framing: .lines).eventCount == 0)
        }
    }

    @Test("a part ends behind four megabytes of text, or the event that has more")
    func longTexts() throws {
        let sizes = [3_000_000, 3_000_000, 10, 5_000_000, 10, 10]
        let lines = sizes.map { #"{"s":"\#(String(repeating: "x", count: $0))"}"# }
        let events = try Self.parse(lines.joined(separator: "\n"), [StreamField("s", .string)])
        #expect(events.batches.map(\.rowCount) == [2, 2, 2])
        #expect(events.rowCount == 6 && events.eventCount == 6)
    }

    @Test("rows of many columns come in smaller batches, and each tells its place")
    func wideRows() throws {
        let fields = (0..<500).map { StreamField("c\($0)", .string) }
        let lines = (0..<3000).map { $0 % 7 == 3 ? "{\"c1\":3}" : "{\"c1\":\"\($0)\"}" }
        let text = lines.joined(separator: "\n")
        let events = try Self.parse(text, fields)
        #expect(events.largestPartRows == EventParser.cellLimit / 500)
        #expect(
            events.rowCount + events.misfits.count == 3000 && events.misfits.allSatisfy { $0.index % 7 == 3 })
        let rows = events.batches.flatMap { $0.columns[1].scalars }
        for (row, place) in zip(rows, events.places) {
            #expect(row == .string("\(place.index)") && place.index % 7 != 3)
            #expect(String(decoding: Array(text.utf8)[place.span], as: UTF8.self) == lines[place.index])
        }
    }

    @Test("lists that unfold widely are cut off in batches, their misfits in order")
    func wideLists() throws {
        let element = StreamType.structure((0..<100).map { StreamField("f\($0)", .int64) })
        let fields = [StreamField("n", .int64), StreamField("l", .list(StreamField("element", element)))]
        let list = [String](repeating: "{}", count: 2000).joined(separator: ",")
        let lines = (0..<8).map { index in
            switch index {
            case 2: "{\"n\":\"x\"}"
            case 3: "{\"n\":3,\"l\":[{\"f1\":\"x\"},\(list)]}"
            default: "{\"n\":\(index),\"l\":[\(list)]}"
            }
        }
        let events = try Self.parse(lines.joined(separator: "\n"), fields)
        #expect(events.batches.map(\.rowCount) == [2, 1, 2, 1])
        #expect(events.misfits.map(\.index) == [2, 3])
        #expect(events.misfits.map(\.path) == ["$.n", "$.l[0].f1"])
        #expect(events.places.map(\.index) == [0, 1, 4, 5, 6, 7])
        #expect(
            events.batches.flatMap { $0.columns[0].scalars } == [0, 1, 4, 5, 6, 7].map { Scalar.long($0) })
    }

    @Test("a value that unfolds to more than an event may have is a misfit; commas in texts are none")
    func tooLarge() throws {
        let fields = [StreamField("l", .list(StreamField("element", .string)))]
        let many = [String](repeating: "1", count: (1 << 20) + 1).joined(separator: ",")
        let text = String(repeating: ",[\\\"{", count: 300_000)
        let events = try Self.parse("{\"l\":[\(many)]}\n{\"l\":[\"\(text)\"]}", fields)
        #expect(events.misfits.map(\.code) == [.tooLarge] && events.misfits.map(\.path) == ["$.l"])
        #expect(events.rowCount == 1 && events.places.map(\.index) == [1])
        // Members that a struct does not name are kept for a while, too.
        let members = (0..<(1 << 20)).map { "\"\($0)\":1" }.joined(separator: ",")
        let structs = [StreamField("s", .structure([StreamField("x", .int32)]))]
        #expect(try Self.parse("{\"s\":{\(members),\"y\":2}}", structs).misfits.map(\.code) == [.tooLarge])
    }

    @Test("all misfits are counted, the first are told")
    func toldMisfits() throws {
        let parser = try EventParser(
            schema: .fields([
                StreamField("a", .string), StreamField("l", .list(StreamField("element", .int32))),
            ]))
        let text = String(repeating: "{\"l\":[\"x\"]}\n{\"a\":1}\n", count: 1000)
        try parser.start(Array(text.utf8), framing: .lines)
        let part = try parser.next(tellingMisfits: 5)
        #expect(part.misfitCount == 2000 && part.misfits.map(\.index) == [0, 1, 2, 3, 4])
        #expect(part.isEnd && part.batch == nil && part.eventCount == 2000)
    }
}
