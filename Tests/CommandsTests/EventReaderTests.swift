import Effects
import Faults
import FileFormats
import Foundation
import JSONText
import TestKit
import Testing

@testable import Commands

@Suite("Readers of events")
struct EventReaderTests {
    func bodies(_ reader: some EventReader, _ limits: BatchLimits = BatchLimits()) throws -> [String] {
        var reader = reader
        var bodies: [String] = []
        while let batch = try reader.nextBatch(limits) {
            bodies.append(String(decoding: batch.body, as: UTF8.self))
        }
        return bodies
    }

    func csv(
        _ text: String, nulls: [String] = [], kinds: [MemberName: CSVReader.Kind] = [:]
    ) throws -> [String] {
        try bodies(CSVReader(ByteInput(bytes: Array(text.utf8)), nulls: nulls, kinds: kinds))
    }

    @Test("CSV rows become objects, typed by column")
    func csvTypes() throws {
        let text = "a,b,\"c \"\"d\"\"\",e\r\n1,x,\"q,\"\"r\"\"\nz\",007\n\n,NA,true,-1.5e3\n"
        #expect(
            try csv(text, nulls: ["NA"]) == [
                "{\"a\":1,\"b\":\"x\",\"c \\\"d\\\"\":\"q,\\\"r\\\"\\nz\",\"e\":\"007\"}\n"
                    + "{\"c \\\"d\\\"\":true,\"e\":-1.5e3}\n"
            ])
        #expect(try csv("\u{FEFF}a\n1\n") == ["{\"a\":1}\n"])
        let typed = try csv(
            "n,s,b,j\n1,1,TRUE,\"{\"\"x\"\":1}\"\nx,2,no,{",
            kinds: ["n": .number, "s": .string, "b": .boolean, "j": .json])
        #expect(
            typed == [
                "{\"n\":1,\"s\":\"1\",\"b\":true,\"j\":{\"x\":1}}\n{\"n\":\"x\",\"s\":\"2\",\"b\":\"no\",\"j\":\"{\"}\n"
            ])
    }

    @Test(
        "CSV that is none says where",
        arguments: ["", "a,b\n1\n", "a,b\n1,2,3\n", "a\n\"x\n", "a\n\"x\"y\n", "a,,b\n1,2,3\n", "a,a\n1,2\n"])
    func csvFaults(text: String) { #expect(throws: CommandError.self) { try csv(text) } }

    @Test(
        "rows end with LF, CRLF, or CR where the head does",
        arguments: [
            "a,b\n1,x\n2,y\n", "a,b\r\n1,x\r\n2,y", "a,b\r1,x\r2,y\r", "a,b\r1,x\r\r2,y", "a,b\n1,x\r\n2,y\r",
        ])
    func csvEndings(text: String) throws {
        #expect(try csv(text) == ["{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n"])
    }

    @Test("a quote that opens no field is a letter, and a CR that may be anything is refused")
    func csvStray() throws {
        #expect(try csv("event\n5\" a\n6\" b\n") == ["{\"event\":\"5\\\" a\"}\n{\"event\":\"6\\\" b\"}\n"])
        #expect(try csv("a,b\nx\"y,\"1\n2\"\n") == ["{\"a\":\"x\\\"y\",\"b\":\"1\\n2\"}\n"])
        let fault = #expect(throws: CommandError.self) { try csv("a\n1\r2\n") }
        #expect(fault?.message.contains("row: 1") == true)
        #expect(try csv("a\n\"1\r2\"\n") == ["{\"a\":\"1\\r2\"}\n"])
    }

    @Test("a file none of whose columns the stream has is refused with both names")
    func csvForeignColumns() throws {
        let kinds: [MemberName: CSVReader.Kind] = ["user_id": .number, "event": .string]
        let fault = #expect(throws: CommandError.self) { try csv("user_id;event\n1;a\n", kinds: kinds) }
        let message = try #require(fault?.message)
        #expect(message.contains("user_id;event") && message.contains("event, user_id"), "\(message)")
        #expect(message.contains("commas"))
        #expect(try csv("user_id,more\n1,2\n", kinds: kinds) == ["{\"user_id\":1,\"more\":\"2\"}\n"])
    }

    @Test("a column whose name the schema spells in other bytes is another column")
    func csvSpellings() throws {
        let (composed, decomposed) = ("\u{E9}", "e\u{301}")
        #expect(throws: CommandError.self) {
            try csv("\(decomposed)\nv\n", kinds: [MemberName(composed): .string])
        }
        let both = try csv(
            "\(composed),\(decomposed)\n1,2\n",
            kinds: [MemberName(composed): .string, MemberName(decomposed): .number])
        let expected = "{\"\(composed)\":\"1\",\"\(decomposed)\":2}\n"
        #expect(both.map { Array($0.utf8) } == [Array(expected.utf8)])
    }

    @Test("JSON with line ends between its tokens is JSON in one line")
    func csvJSONLines() throws {
        let texts = ["{\"a\":\r\n 1}", "[1,\n2]", "{\"a\": \"x\ny\"}"]
        let rows = texts.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"\n" }
        let expected = [#"{"j":{"a":   1}}"#, #"{"j":[1, 2]}"#, #"{"j":"{\"a\": \"x\ny\"}"}"#]
        let lines = expected.map { $0 + "\n" }.joined()
        #expect(try csv("j\n" + rows.joined(), kinds: ["j": .json]) == [lines])
    }

    @Test("a row that would take a batch far above its bytes begins the next; small rows end batches as ever")
    func csvBatchBytes() throws {
        func sizes(_ rowBytes: Int, _ count: Int) throws -> [Int] {
            let word = String(repeating: "x", count: rowBytes)
            let text = "s\n" + String(repeating: word + "\n", count: count)
            let reader = CSVReader(ByteInput(bytes: Array(text.utf8)), nulls: [], kinds: [:])
            return try bodies(reader).map { body in body.utf8.count { $0 == UInt8(ascii: "\n") } }
        }
        #expect(try sizes(2_000_000, 5) == [2, 2, 1])
        #expect(try sizes(6_000_000, 2) == [1, 1])
        // 4 MiB are passed within the last row of each.
        #expect(try sizes(1_300_000, 8) == [4, 4])
        #expect(try sizes(700_000, 14) == [6, 6, 2])
    }

    @Test("bytes that are no UTF-8 are refused with row and column, never changed")
    func csvEncoding() throws {
        func fault(_ bytes: [UInt8]) throws -> String {
            let reader = CSVReader(ByteInput(bytes: bytes), nulls: [], kinds: [:])
            let error = #expect(throws: CommandError.self) { _ = try bodies(reader, BatchLimits(events: 1)) }
            return try #require(error).message
        }
        let found = try fault(Array("id,s\n13,ü\n14,".utf8) + [0xFF] + Array("\n".utf8))
        #expect(
            found.contains("not UTF-8") && found.contains("row: 2") && found.contains("column: s"), "\(found)"
        )
        #expect(try fault(Array("id,".utf8) + [0xC3] + Array("\n1,2\n".utf8)).contains("column: 2"))
        // One letter cut in two by a comma is no letter.
        #expect(try fault([0x61, 0x2C, 0x62, 0x0A, 0xC3, 0x2C, 0xBC, 0x0A]).contains("column: a"))
    }

    @Test("a file gives the same events however it is cut into pieces and batches", arguments: 1...6)
    func pieces(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: seed)
        var text = "id,text\n"
        var expected = ""
        // More than two pieces of input, so that rows lie across their borders.
        for id in 0..<9000 {
            let word = String(repeating: "x", count: Int(generator.next() % 500))
            let isQuoted = generator.next() % 2 == 0
            text += isQuoted ? "\(id),\"\(word),\n\"\n" : "\(id),\(word)y\n"
            expected += "{\"id\":\(id),\"text\":\"\(isQuoted ? word + ",\\n" : word + "y")\"}\n"
        }
        try text.write(toFile: directory.path + "/a.csv", atomically: true, encoding: .utf8)
        try expected.write(toFile: directory.path + "/a.ndjson", atomically: true, encoding: .utf8)
        let limits = BatchLimits(events: 1 + Int(generator.next() % 900), bytes: 100_000)
        let csv = CSVReader(try ByteInput(path: directory.path + "/a.csv"), nulls: [], kinds: [:])
        #expect(try bodies(csv, limits).joined() == expected)
        let lines = LineReader(try ByteInput(path: directory.path + "/a.ndjson"))
        #expect(try bodies(lines, limits).joined() == expected)
        let values = JSONElementReader(try ByteInput(path: directory.path + "/a.ndjson"))
        let joined = try bodies(values, limits).map { $0.dropFirst().dropLast() }.joined(separator: ",")
        #expect(joined == expected.dropLast().replacing("}\n", with: "},"))
    }

    @Test(
        "what is compressed gives the same events, in one or several members", arguments: [Codec.gzip, .zstd])
    func compressed(codec: Codec) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a.ndjson"
        // Several pieces of output from few bytes, and more than one piece of input.
        var generator = SeededGenerator(seed: 3)
        let parts = (0..<3).map { part in
            (0..<9000).map {
                "{\"id\":\(part * 9000 + $0),\"n\":\"\(generator.next())\(generator.next())\"}\n"
            }
            .joined()
        }
        let file = try parts.reduce(into: [UInt8]()) {
            $0 += try codec.compress(Array($1.utf8), level: 1)
            $0 += try codec.compress([], level: 1)
        }
        try Data(file).write(to: URL(fileURLWithPath: path))
        let reader = LineReader(try ByteInput(path: path))
        #expect(try bodies(reader).joined() == parts.joined())
        for end in [5, file.count / 2, file.count - 1] {
            try Data(file[..<end]).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: CommandError.self) {
                _ = try bodies(LineReader(try ByteInput(path: path)))
            }
            #expect(error?.summary == "the compressed file is cut off", "\(end) bytes")
        }
        // A frame of zstd need not have a checksum, but each begins as frames do.
        var damaged = file
        let second = try codec.compress(Array(parts[0].utf8), level: 1).count
        for index in second..<second + 4 { damaged[index] ^= 0x55 }
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: CommandError.self) {
            _ = try bodies(LineReader(try ByteInput(path: path)))
        }
        #expect(error?.summary == "the compressed file is damaged")
    }

    @Test("the event that is no JSON is told by its number in the file, in each form")
    func jsonFaults() throws {
        let texts = (1...9).map { $0 == 7 ? "{\"n\": x}" : "{\"n\":\($0)}" }
        let limits = BatchLimits(events: 5, bytes: 1000)
        var readers: [any EventReader] = [
            LineReader(ByteInput(bytes: Array(texts.joined(separator: "\n\n").utf8))),
            JSONElementReader(ByteInput(bytes: Array("[\(texts.joined(separator: ",\n"))]".utf8))),
        ]
        for index in readers.indices {
            let first = try #require(try readers[index].nextBatch(limits))
            #expect(first.jsonFault(in: "f") == nil)
            let fault = try #require(try readers[index].nextBatch(limits)).jsonFault(in: "f")
            #expect(fault?.context.map(\.value) == ["f", "7"] && fault?.code == .refused)
        }
        // A line is an event, also where more stands on it.
        var lines = LineReader(ByteInput(bytes: Array("{}\n{} {}\n{}".utf8)))
        let fault = try #require(try lines.nextBatch(limits)).jsonFault(in: "f")
        #expect(fault?.context.map(\.value) == ["f", "2"])
    }

    @Test("batches keep both limits, and count")
    func limits() throws {
        let input = ByteInput(bytes: Array((0..<10).map { "{\"n\":\($0)}\n\n" }.joined().utf8))
        var reader = LineReader(input)
        let first = try #require(try reader.nextBatch(BatchLimits(events: 4, bytes: 1000)))
        #expect(first.eventCount == 4 && first.firstEvent == 1)
        let second = try #require(try reader.nextBatch(BatchLimits(events: 100, bytes: 20)))
        #expect(second.eventCount == 2 && second.firstEvent == 5 && second.body.count <= 20)
        let third = try #require(try reader.nextBatch(BatchLimits(events: 100, bytes: 1)))
        #expect(third.eventCount == 1)
    }

    @Test("a JSON file is an array, one object, or values in a row")
    func json() throws {
        func read(_ text: String) throws -> [String] {
            try bodies(JSONElementReader(ByteInput(bytes: Array(text.utf8))))
        }
        #expect(
            try read(" [ {\"a\":[1,{}]} , \"]\\\"\", 3 ,null]\n") == ["[{\"a\":[1,{}]},\"]\\\"\",3,null]"])
        #expect(try read("{\n \"a\": \"}\"\n}") == ["[{\n \"a\": \"}\"\n}]"])
        #expect(try read("{} {}\n{}") == ["[{},{},{}]"])
        #expect(try read("[]").isEmpty && read("  ").isEmpty)
        #expect(try read("[1,2]") == ["[1,2]"] && read("{}{}1") == ["[{},{},1]"])
        for text in [
            "[{}", "[{}] {}", "{", "[\"a]", "[{},]", "[,{}]", "[{},,{}]", "[{} {}]", "[1 2]", "[1", "[1,",
            "[",
            "}", "]", "{}}", "{}]", "{},{}", ", {}", "[1}]", "[1]]", ":",
        ] {
            #expect(throws: CommandError.self, "\(text)") { try read(text) }
        }
        let stray = #expect(throws: CommandError.self) { try read("[{}, {} ,]") }
        #expect(stray?.message.contains("event: 3") == true)
    }

    @Test("commas are looked for however the array is cut into batches", arguments: 1...4)
    func jsonBatches(events: Int) throws {
        let text = "[" + (0..<9).map { "{\"n\":\($0)}" }.joined(separator: " , ") + "]"
        // A batch may also end because its next element does not fit.
        for bytes in [1, 12, 1000] {
            let reader = JSONElementReader(ByteInput(bytes: Array(text.utf8)))
            let found = try bodies(reader, BatchLimits(events: events, bytes: bytes))
            #expect(
                found.map { $0.dropFirst().dropLast() }.joined(separator: ",")
                    == (0..<9).map { "{\"n\":\($0)}" }.joined(separator: ","))
        }
    }

    @Test("a number is what JSON says one is")
    func numbers() {
        for text in ["0", "-1", "10.5", "1e9", "1E+9", "0.1e-2"] {
            #expect(CSVValue.isNumber(Array(text.utf8)[...]), "\(text)")
        }
        for text in ["", "-", "01", "+1", ".5", "1.", "1e", "NaN", "1 ", "0x1"] {
            #expect(!CSVValue.isNumber(Array(text.utf8)[...]), "\(text)")
        }
    }
}
