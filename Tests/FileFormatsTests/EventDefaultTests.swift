import Columnar
import FileFormats
import JSONText
import Testing

@Suite("Events of defaults, small integers and maps")
struct EventDefaultTests {
    private static func rows(_ body: String, _ schema: String) throws -> (rows: [String], misfits: [Misfit]) {
        let schema = try StreamSchema(json: JSONParser.parse(schema))
        let events = try EventParser(schema: schema).parse(Array(body.utf8), framing: .lines)
        let rows = events.batches.flatMap { batch in
            (0..<batch.rowCount).map { row in
                batch.columns.map { "\($0.scalar(at: row))" }.joined(separator: " ")
            }
        }
        return (rows, events.misfits)
    }

    @Test("a missing member takes the default, in every type, and null stays null")
    func defaults() throws {
        let fields = [
            (#""int64","required":true"#, "7", "long(7)"), (#""string""#, #""a\u00e9""#, #"string("aé")"#),
            (#""bool""#, "true", "boolean(true)"), (#""float64""#, #""NaN""#, "double(nan)"),
            (#""decimal","precision":9,"scale":2"#, #""1.5""#, "long(150)"),
            (#""uint64""#, "18446744073709551615", "int128(18446744073709551615)"),
            (#""date""#, #""1970-01-02""#, "int(1)"), (#""timestamp""#, "5", "long(5000)"),
            (#""json""#, #"{"a":[1]}"#, #"string("{\"a\":[1]}")"#), (#""int8""#, "-128", "int(-128)"),
            (#""list","items":{"type":"int32"}"#, "[1,2]", "list([int(1), int(2)])"),
        ]
        for (type, given, expected) in fields {
            func short(_ text: String) -> String { text.replacing("Columnar.Scalar.", with: "") }
            let schema =
                #"{"fields":[{"name":"x","type":"bool"},{"name":"v","type":\#(type),"default":\#(given)}]}"#
            let filled = try Self.rows("{}\n{\"x\":true}\n", schema)
            #expect(filled.misfits.isEmpty)
            #expect(filled.rows.map(short) == ["null \(expected)", "boolean(true) \(expected)"], "\(type)")
            let null = try Self.rows("{\"v\":null}\n", schema)
            if type.contains("required") {
                #expect(null.misfits.map(\.code) == [.nullValue])
            } else {
                #expect(null.rows.map(short) == ["null null"], "\(type)")
            }
            let read = try StreamSchema(json: JSONParser.parse(schema))
            #expect(try StreamSchema(json: read.json) == read)
        }
    }

    @Test("members of structs have defaults too")
    func nestedDefaults() throws {
        let schema = """
            {"fields":[{"name":"s","type":"struct","fields":[{"name":"a","type":"int32","required":true,"default":3},\
            {"name":"b","type":"string"}]}]}
            """
        let read = try Self.rows(#"{"s":{"b":"x"}}"# + "\n" + #"{"s":{"a":1}}"# + "\n{}", schema)
        #expect(read.misfits.isEmpty && read.rows.count == 3)
        #expect(read.rows[0].contains("int(3)") && read.rows[1].contains("int(1)") && read.rows[2] == "null")
    }

    @Test(
        "a default that does not fit is refused with its path",
        arguments: [
            (#"{"name":"v","type":"int64","default":"x"}"#, "$.fields[0].default"),
            (#"{"name":"v","type":"int8","default":128}"#, "$.fields[0].default"),
            (#"{"name":"v","type":"bool","default":1}"#, "$.fields[0].default"),
            (
                #"{"name":"v","type":"list","items":{"type":"bool","default":true}}"#,
                "$.fields[0].items.default"
            ),
            (
                #"{"name":"v","type":"map","key":{"type":"bool"},"value":{"type":"bool"}}"#,
                "$.fields[0].key.type"
            ),
            (#"{"name":"v","type":"map","key":{"type":"string"}}"#, "$.fields[0].value"),
        ])
    func refused(field: String, path: String) throws {
        let json = try JSONParser.parse("{\"fields\":[\(field)]}")
        let error = #expect(throws: FileFormatsError.self) { try StreamSchema(json: json) }
        #expect(error?.code == .invalidSchema && error?.context.first?.value == path)
    }

    @Test(
        "small integers have their ranges, and any notation of a whole number is one",
        arguments: [
            (StreamType.int8, -128, 127), (.int16, -32_768, 32_767), (.uint8, 0, 255), (.uint16, 0, 65_535),
        ] as [(StreamType, Int32, Int32)])
    func smallIntegers(type: StreamType, low: Int32, high: Int32) throws {
        #expect(try EventParserTests.value("\(low)", type).0 == .int(low))
        #expect(try EventParserTests.value("\"\(high)\"", type).0 == .int(high))
        #expect(try EventParserTests.value("1.2e1", type).0 == .int(12))
        #expect(try EventParserTests.value("\(low - 1)", type).1 == .outOfRange)
        #expect(try EventParserTests.value("\(high + 1)", type).1 == .outOfRange)
        #expect(try EventParserTests.value("1.25e1", type).1 == .typeMismatch)
        let told = try EventParserTests.parse("{\"v\":70000}", [StreamField("v", type)]).misfits[0].message
        #expect(told == "70000 does not fit an integer of \(type.name), from \(low) to \(high)")
    }

    @Test("maps are objects, or arrays of keys and values")
    func maps() throws {
        let schema = """
            {"fields":[{"name":"m","type":"map","key":{"type":"int32"},"value":{"type":"json"}}]}
            """
        #expect(
            try StreamSchema(json: JSONParser.parse(schema)).columns.description == "m: map<int, json>")
        let read = try Self.rows(
            """
            {"m":{"1":{"a": 1},"-2":null,"1":5}}
            {"m":[{"key":1,"value":{"a": 1}},{"key":3}]}
            {"m":{}}
            {"m":null}
            {"m":{"x":1}}
            {"m":{"99999999999":1}}
            {"m":[1]}
            {"m":5}
            """, schema)
        #expect(read.rows.count == 4)
        #expect(read.rows[1].contains(#"{\"a\": 1}"#), "\(read.rows)")
        #expect(read.misfits.map(\.path) == ["$.m.x", "$.m.99999999999", "$.m", "$.m"])
        #expect(read.misfits.map(\.code) == [.parseFailure, .outOfRange, .typeMismatch, .typeMismatch])
    }
}
