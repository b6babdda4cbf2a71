import Columnar
import Iceberg
import JSONText
import Testing

@Suite("Filters of scan planning")
struct ScanFilterTests {
    private let schema = IcebergSchema(fields: [
        Field(id: 1, "id", .int), Field(id: 2, "ts", .timestamptz), Field(id: 3, "name", .string),
        Field(id: 4, "price", .decimal(precision: 9, scale: 2)), Field(id: 5, "day", .date),
        Field(id: 6, "who", .structure([Field(id: 7, "name", .string)])),
        Field(id: 8, "tags", .list(Field(id: 9, "element", .string))), Field(id: 10, "x", .double),
        Field(id: 11, "raw", .binary),
    ])

    private func read(_ text: String, caseSensitive: Bool = true) throws -> ScanFilter {
        try ScanFilter(
            json: try JSONParser.parse(Array(text.utf8)),
            names: FieldNames(schema, caseSensitive: caseSensitive))
    }

    @Test("the deprecated form and value expressions mean the same")
    func bothForms() throws {
        let cases: [(old: String, new: String, predicate: String)] = [
            (
                #"{"type":"gt","term":"id","value":5}"#,
                #"{"type":"gt","left":{"type":"reference","name":"id"},"right":5}"#, "#1 > 5"
            ),
            (
                #"{"type":"lt-eq","term":"price","value":"1.5"}"#,
                #"{"type":"gt-eq","left":{"type":"literal","value":"1.50","data-type":"decimal(9,2)"},"right":{"type":"reference","id":4}}"#,
                "#4 <= 150"
            ),
            (
                #"{"type":"in","term":"name","values":["a","b"]}"#,
                #"{"type":"in","child":{"type":"reference","name":"name"},"values":{"type":"literals","values":["a","b"],"data-type":"string"}}"#,
                "#3 IN ('a', 'b')"
            ),
            (
                #"{"type":"is-null","term":"who.name"}"#,
                #"{"type":"is-null","child":{"type":"reference","id":7}}"#, "#7 IS NULL"
            ),
            (
                #"{"type":"eq","term":{"type":"reference","term":"day"},"value":"1970-01-11"}"#,
                #"{"type":"eq","left":{"type":"reference","name":"day"},"right":{"type":"literal","value":"1970-01-11"}}"#,
                "#5 = 10"
            ),
            (
                #"{"type":"lt","term":"ts","value":"1970-01-02T01:00:00+01:00"}"#,
                #"{"type":"lt","left":{"type":"reference","name":"ts"},"right":{"type":"literal","value":"1970-01-02","data-type":"date"}}"#,
                "#2 < 86400000000"
            ),
            (
                #"{"type":"eq","term":"raw","value":"78797a"}"#,
                #"{"type":"eq","left":{"type":"reference","name":"raw"},"right":"78797A"}"#, "#11 = 0x78797a"
            ),
            (
                #"{"type":"starts-with","term":"name","value":"ab"}"#,
                #"{"type":"starts-with","left":{"type":"reference","name":"name"},"right":"ab"}"#,
                "#3 STARTS WITH 'ab'"
            ),
            (#"{"type":"true"}"#, "true", "TRUE"), (#"{"type":"false"}"#, "false", "FALSE"),
            (
                #"{"type":"is-nan","term":"id"}"#, #"{"type":"is-nan","child":{"type":"reference","id":1}}"#,
                "FALSE"
            ),
            (
                #"{"type":"gt","term":"id","value":5000000000}"#,
                #"{"type":"gt","left":{"type":"reference","name":"id"},"right":5000000000}"#,
                "#1 > 5000000000"
            ),
        ]
        for (old, new, predicate) in cases {
            #expect(try read(old).pruning.description == predicate, "\(old)")
            #expect(try read(new).pruning.description == predicate, "\(new)")
        }
    }

    @Test("NOT is pushed to the tests, and what denies lets nulls in")
    func negation() throws {
        let filter = try read(
            #"{"type":"not","child":{"type":"and","left":{"type":"eq","term":"id","value":5},"right":{"type":"lt","term":"x","value":1.5}}}"#
        )
        #expect(filter.pruning.description == "(#1 <> 5 OR #1 IS NULL OR #10 >= 1.5)")
        #expect(
            filter.json.description
                == #"{"type":"or","left":{"type":"not","child":{"type":"eq","term":"id","value":5}},"right":{"type":"not","child":{"type":"lt","term":"x","value":1.5}}}"#
        )
        #expect(try read(#"{"type":"not","child":true}"#) == .never)
    }

    @Test("what only the client can evaluate prunes nothing and is left to it, also denied")
    func foreign() throws {
        let texts = [
            #"{"type":"eq","term":{"type":"transform","transform":"bucket[4]","term":"id"},"value":1}"#,
            #"{"type":"eq","left":{"type":"apply","function":"year","arguments":[{"type":"reference","name":"ts"}]},"right":2026}"#,
            #"{"type":"lt","left":{"type":"reference","name":"id"},"right":{"type":"reference","name":"x"}}"#,
            #"{"type":"eq","term":"tags.element","value":"a"}"#,
        ]
        for text in texts {
            let filter = try read(text)
            #expect(filter.pruning == .always, "\(text)")
            #expect(filter.residual(in: [], of: .unpartitioned, schema).json.description == text)
            #expect(try read(#"{"type":"not","child":\#(text)}"#).pruning == .always)
        }
    }

    @Test("a partition decides its part of the filter")
    func residuals() throws {
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 3, fieldID: 1000, name: "name", transform: .identity),
            PartitionField(sourceID: 2, fieldID: 1001, name: "ts_day", transform: .day),
        ])
        func residual(_ text: String, _ partition: [Scalar]) throws -> String {
            try read(text).residual(in: partition, of: spec, schema).json.description
        }
        let name = #"{"type":"eq","term":"name","value":"a"}"#
        let id = #"{"type":"gt","term":"id","value":5}"#
        let both = #"{"type":"and","left":\#(name),"right":\#(id)}"#
        #expect(try residual(both, [.string("a"), .int(3)]) == id)
        #expect(try residual(both, [.string("b"), .int(3)]) == "false")
        let either = #"{"type":"or","left":\#(name),"right":\#(id)}"#
        #expect(try residual(either, [.string("a"), .int(3)]) == "true")
        #expect(try residual(either, [.null, .int(3)]) == id)
        let denied = #"{"type":"not","child":\#(name)}"#
        #expect(try residual(denied, [.null, .int(3)]) == denied)
        let time = #"{"type":"gt-eq","term":"ts","value":"1970-01-03T00:00:00Z"}"#
        #expect(try residual(time, [.null, .int(2)]) == "true")
        #expect(try residual(time, [.null, .int(1)]) == "false")
    }

    @Test("names may differ in case when the client says so")
    func cases() throws {
        let text = #"{"type":"eq","term":"NAME","value":"a"}"#
        #expect(try read(text, caseSensitive: false).pruning.description == "#3 = 'a'")
        #expect(throws: IcebergError.self) { try read(text) }
    }

    @Test("what cannot be understood is refused with a code")
    func refused() {
        let cases: [(String, IcebergError.Code)] = [
            (#"{"type":"gt","term":"none","value":5}"#, .invalidScan),
            (#"{"type":"gt","left":{"type":"reference","id":99},"right":5}"#, .invalidScan),
            (#"{"type":"gt","term":"id","value":"five"}"#, .invalidScan),
            (#"{"type":"gt","term":"id","value":5.5}"#, .invalidScan),
            (#"{"type":"gt","term":"price","value":"1.005"}"#, .invalidScan),
            (#"{"type":"eq","term":"price","value":""}"#, .invalidScan),
            (#"{"type":"eq","term":"who","value":1}"#, .invalidScan),
            (#"{"type":"starts-with","term":"id","value":"1"}"#, .invalidScan),
            (#"{"type":"eq","term":"day","value":"soon"}"#, .invalidScan),
            (#"{"type":"between","term":"id","value":1}"#, .malformed),
            (#"{"type":"eq","term":"id"}"#, .malformed), (#"{"type":"eq","value":1}"#, .malformed),
            (#"{"type":"and","left":true}"#, .malformed), (#"{"term":"id"}"#, .malformed),
            (#"{"type":"in","term":"id","values":5}"#, .malformed), ("5", .malformed), ("null", .malformed),
        ]
        for (text, code) in cases {
            let error = #expect(throws: IcebergError.self, "\(text)") { try read(text) }
            #expect(error?.code == code, "\(text): \(String(describing: error))")
        }
    }

    @Test("values go out as the specification writes them")
    func values() throws {
        let cases: [(Scalar, DataType, String)] = [
            (.long(-5), .decimal(precision: 9, scale: 2), #""-0.05""#),
            (.int128(2), .decimal(precision: 38, scale: 0), #""2""#), (.int(10), .date, #""1970-01-11""#),
            (.long(81_068_123_456), .time, #""22:31:08.123456""#),
            (.long(-1), .timestamp, #""1969-12-31T23:59:59.999999""#),
            (.long(1), .timestamptz, #""1970-01-01T00:00:00.000001+00:00""#),
            (.long(1), .timestamptzNanos, #""1970-01-01T00:00:00.000000001+00:00""#),
            (.bytes([0x78, 0x79, 0x7A]), .binary, #""78797A""#),
            (.bytes(Array(0..<16)), .uuid, #""00010203-0405-0607-0809-0a0b0c0d0e0f""#),
            (.double(.nan), .double, #""NaN""#), (.float(0.1), .float, "0.1"), (.null, .int, "null"),
            (.boolean(true), .boolean, "true"), (.long(7), .long, "7"),
        ]
        for (value, type, text) in cases {
            let json = JSONSingleValue.encode(value, type)
            #expect(json.description == text, "\(type)")
            if !value.isNull, type != .double, type != .binary {
                #expect(try JSONSingleValue.decode(json, type) == value, "\(type)")
            }
        }
    }
}
