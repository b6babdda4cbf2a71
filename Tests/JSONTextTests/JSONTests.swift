import Faults
import JSONText
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "values survive a round trip, numbers with their digits",
        arguments: [
            "null", "true", "-9223372036854775808", "18446744073709551616", "1e400", "0.10",
            "\"a\\\"b\\n\\u0001\"",
            "[1,[2,{}],\"x\"]", "{\"b\":1,\"a\":{\"c\":[null]}}",
        ])
    func roundTrips(text: String) throws {
        #expect(try JSONParser.parse(text).description == text)
    }

    @Test("escapes become their characters")
    func escapes() throws {
        #expect(try JSONParser.parse("\"\\ud83d\\ude00\\t\\/\"").string == "😀\t/")
    }

    @Test(
        "malformed text is refused with the byte where it stops being JSON",
        arguments: [
            ("", 0), ("[1,]", 3), ("{\"a\" 1}", 5), ("[1 2]", 3), ("nul", 0), ("01", 1), ("1.", 2),
            ("\"a", 2), ("{} x", 3), ("\"\\x\"", 2),
        ])
    func refuses(text: String, byte: Int) {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(text) }
        #expect(error?.code == .malformed)
        #expect(error?.place == .byte(byte))
    }

    @Test("a value that nests too deep is refused, not a crash")
    func refusesDepth() {
        let error = #expect(throws: JSONError.self) {
            try JSONParser.parse(String(repeating: "[", count: 100_000))
        }
        #expect(error?.code == .tooDeep)
    }

    @Test("two spellings of a letter are two members, in small and in large objects")
    func spellings() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        let (below, above) = ("a\u{323}\u{307}", "a\u{307}\u{323}")
        for extra in [0, 40] {
            var text = "{\"\(composed)\":1,\"\(decomposed)\":2,\"\(below)\":3,\"\(above)\":4"
            for index in 0..<extra { text += ",\"k\(index)\":0" }
            let object = try #require(try JSONParser.parse(text + "}").object)
            #expect(object.count == 4 + extra)
            #expect(object[composed] == 1 && object[decomposed] == 2)
            #expect(object[below] == 3 && object[above] == 4)
        }
        let left = try JSONParser.parse("{\"\(composed)\":1}")
        #expect(try left != JSONParser.parse("{\"\(decomposed)\":1}"))
    }

    @Test("what a shape names is kept as it was written")
    func shapes() throws {
        let text = #"{"j": {"a":  1.0, "a":2 } , "l":[ [1 ], null,"x"], "k":{"j":{ }}, "n":null}"#
        let shape = JSONShape.members(["j": .text, "l": .elements(.text), "n": .text])
        let expected: JSONValue = [
            "j": #"{"a":  1.0, "a":2 }"#, "l": ["[1 ]", nil, "\"x\""], "k": ["j": [:]], "n": nil,
        ]
        #expect(try JSONParser.parse(Array(text.utf8), as: shape) == expected)
        #expect(try JSONParser.parse(Array("[1]".utf8), as: shape) == [1])
        #expect(throws: JSONError.self) { try JSONParser.parse(Array("{\"j\":[1,]}".utf8), as: shape) }
    }

    @Test("objects are equal whatever the order of their members, and find members when large")
    func objects() throws {
        #expect(try JSONParser.parse("{\"a\":1,\"b\":2}") == JSONParser.parse("{\"b\":2,\"a\":1}"))
        var large = JSONObject()
        for index in 0..<100 { large["k\(index)"] = .integer(Int64(index)) }
        large["k50"] = nil
        #expect(large["k99"] == 99 && large["k50"] == nil && large.count == 99)
    }
}
