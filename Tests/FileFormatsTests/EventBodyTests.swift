import Effects
import Faults
import FileFormats
import JSONText
import Testing

@Suite("Event bodies")
struct EventBodyTests {
    @Test(
        "arrays, single objects and lines are counted",
        arguments: [
            ("[]", nil, 0, EventFraming.array), ("[{},{\"a\":[1]}]", nil, 2, .array),
            (" [1, \"x\"] ", "application/json; charset=utf-8", 2, .array),
            ("{\"a\":1}", "application/json", 1, .object), ("{\"a\":1}", nil, 1, .lines),
            ("{\"a\":1}\n\n{\"b\":\n2}\r\n", nil, 2, .lines),
            ("{\"a\":1}\n\n {\"b\":\t2} \r\n", "application/x-ndjson", 2, .lines),
            ("[1]\n[2]", "application/x-ndjson", 2, .lines), ("", nil, 0, .lines),
        ] as [(String, String?, Int, EventFraming)])
    func counts(text: String, mediaType: String?, count: Int, framing: EventFraming) throws {
        let body = try EventBody.inspect(Array(text.utf8), mediaType: mediaType)
        #expect(body == EventBody(count: count, framing: framing))
    }

    @Test(
        "a malformed body is refused with the byte of the fault",
        arguments: [
            ("[1,]", nil, 3), ("[{\"a\":1},\n{\"b\" 2}]", nil, 15), ("{\"a\":1} {\"b\":2}", nil, 8),
            ("", "application/json", 0), ("7", "application/json", 0), ("[\"\u{1}\"]", nil, 2),
            ("{\"a\":1}\nnul", nil, 8), ("[1] 2", nil, 4), ("[\"a", nil, 3), ("[tru]", nil, 1),
            ("[01]", nil, 2), ("{\"id\":\n{\"id\":7}}", "application/x-ndjson", 6),
            ("{\"id\":\n{\"id\":7}\n", "application/x-ndjson", 6),
            ("1\n{\"a\":1,\r\n\"b\":2}", "application/x-ndjson", 10), ("[1\n]", "application/x-ndjson", 2),
        ] as [(String, String?, Int)])
    func refuses(text: String, mediaType: String?, byte: Int) {
        let error = #expect(throws: FileFormatsError.self) {
            try EventBody.inspect(Array(text.utf8), mediaType: mediaType)
        }
        #expect(error?.code == .malformedBody)
        #expect(error?.place == .byte(byte))
    }

    @Test(
        "the fault's event is told, from zero",
        arguments: [
            ("[1,]", nil, 1), ("{\"a\":1} {\"b\":2}", nil, 1), ("[[1,2],[3 4]]", nil, 1), ("[tru]", nil, 0),
            ("{\"a\":[1,x]}", "application/json", 0), ("1\n[1,2]\n[3,", "application/x-ndjson", 2),
            ("{}\n{}\n{\"a\": nul}\n{}", nil, 2),
        ] as [(String, String?, Int)])
    func tellsEvent(text: String, mediaType: String?, event: Int) {
        let error = #expect(throws: FileFormatsError.self) {
            try EventBody.inspect(Array(text.utf8), mediaType: mediaType)
        }
        #expect(error?.event == event && error?.context.first?.value == "\(event)", "\(text)")
    }

    @Test("the fault's line and column are told")
    func tellsLines() {
        let error = #expect(throws: FileFormatsError.self) {
            try EventBody.inspect(Array("{\"ä\":1}\n{\"ä\":x}".utf8), mediaType: nil)
        }
        #expect(error?.context.map(\.value) == ["1", "2", "6"])
    }

    @Test("a text that ends too early is told to end on its last line, not behind the final line break")
    func tellsLastLine() {
        let error = #expect(throws: FileFormatsError.self) {
            try EventBody.inspect(Array("{\"id\": 1}\n{\"id\": \n".utf8), mediaType: nil)
        }
        #expect(error?.context.map(\.value) == ["1", "2", "7"])
        #expect(error?.place == .byte(18))
    }

    @Test("lines sent as one document are told their media type")
    func tellsMediaTypeOfLines() {
        func hint(_ text: String) -> String? {
            #expect(throws: FileFormatsError.self) {
                try EventBody.inspect(Array(text.utf8), mediaType: "application/json")
            }?.hint
        }
        #expect(hint("{\"a\":1}\n{\"a\":2}\n")?.contains("application/x-ndjson") == true)
        #expect(hint("{\"a\":1} x") == nil)
        #expect(hint("{\"a\":") == nil)
    }

    @Test("another media type is refused")
    func refusesMediaType() {
        let error = #expect(throws: FileFormatsError.self) {
            try EventBody.inspect([], mediaType: "text/csv")
        }
        #expect(error?.code == .unsupportedMediaType)
    }

    /// Texts near the grammar: pieces of JSON put together at random, and JSON with bytes changed.
    static func text(seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "[", "]", "{", "}", ",", ":", "\"a\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"",
            "\"\\x\"", "1",
            "-0", "01", "1.5e+3", "1.", "true", "false", "null", "nul", " ", "\n", "\t", "\"\u{1}\"", "\"é\"",
            "\"",
            "\\", "{\"k\":[1,2,{\"z\":null}]}", "\u{c}", "\u{1a}",
        ]
        var bytes: [UInt8] = []
        if random.next(below: 3) == 0 {
            for _ in 0..<random.next(below: 12) {
                bytes += Array(pieces[random.next(below: pieces.count)].utf8)
            }
        } else {
            bytes += Array(Self.value(&random, depth: 0).utf8)
            for _ in 0..<random.next(below: 4) where !bytes.isEmpty {
                switch random.next(below: 3) {
                case 0: bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
                case 1: bytes.remove(at: random.next(below: bytes.count))
                default:
                    let piece = Array(pieces[random.next(below: pieces.count)].utf8)
                    bytes.insert(contentsOf: piece, at: random.next(below: bytes.count))
                }
            }
        }
        return [UInt8(ascii: "[")] + bytes + [UInt8(ascii: "]")]
    }

    static func value(_ random: inout SeededGenerator, depth: Int) -> String {
        switch random.next(below: depth > 3 ? 5 : 7) {
        case 0: return ["null", "true", "false"][random.next(below: 3)]
        case 1: return "\(Int(random.next(below: 2000)) - 1000)"
        case 2: return "\(Double(random.next(below: 1000)) / 8)e\(random.next(below: 5))"
        case 3: return "\"\(String(repeating: "x", count: random.next(below: 70)))\\n\""
        case 4: return "\"é\\\\\\\"\\u0041\""
        case 5:
            return "["
                + (0..<random.next(below: 4)).map { _ in value(&random, depth: depth + 1) }.joined(
                    separator: " ,") + "]"
        default:
            return "{"
                + (0..<random.next(below: 4)).map { "\"k\($0)\" : " + value(&random, depth: depth + 1) }
                .joined(separator: ",\n") + "}"
        }
    }

    @Test("accepts and refuses what JSONText does, at the same byte", arguments: 0..<40)
    func agreesWithJSONText(block: Int) {
        for seed in UInt64(block) * 500..<UInt64(block + 1) * 500 {
            let bytes = Self.text(seed: seed)
            let expected = Result { () throws(JSONError) in try JSONParser.parse(bytes) }
            let found = Result { () throws(FileFormatsError) in
                try EventBody.inspect(bytes, mediaType: "application/json")
            }
            switch (expected, found) {
            case (.success(let value), .success(let body)):
                #expect(value.array?.count == body.count, "seed \(seed)")
            case (.failure(let left), .failure(let right)):
                #expect(left.place == right.place, "seed \(seed): \(left) against \(right)")
            default:
                Issue.record(
                    "seed \(seed): \(String(decoding: bytes, as: UTF8.self)): \(expected) against \(found)")
            }
        }
    }

    @Test("nests as deep as JSONText and no deeper", arguments: [255, 256, 257, 258, 100_000])
    func nests(depth: Int) {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let isAccepted = (try? JSONParser.parse(text)) != nil
        let body = try? EventBody.inspect(Array(text.utf8), mediaType: nil)
        #expect((body != nil) == isAccepted)
    }
}
