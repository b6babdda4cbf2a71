import Columnar
import Effects
import Faults
import FileFormats
import JSONText
import Testing

@Suite("CSV")
struct CSVTests {
    static func events(_ text: String, options: CSVOptions = CSVOptions(), chunk: Int = .max) throws
        -> [String]
    {
        var reader = CSVEventReader(options: options)
        var events: [String] = []
        var rest = Array(text.utf8)[...]
        repeat {
            let part = rest.prefix(chunk)
            rest = rest.dropFirst(part.count)
            try reader.push(Array(part), isLast: rest.isEmpty) { event in
                events.append(String(decoding: [UInt8](copying: event), as: UTF8.self))
            }
        } while !rest.isEmpty
        return events
    }

    @Test("rows become objects, however the file is cut into chunks", arguments: [1, 2, 3, 7, 1000])
    func chunks(size: Int) throws {
        let text =
            "\u{FEFF}a,\"b \"\"x\"\"\",c\r\n1,\"line\none, two\",true\r\n\n-0.5e3,,FALSE\n007,\"\",\"12\"\nx\"y,é\t,NA"
        var options = CSVOptions()
        options.nullTexts = ["NA"]
        #expect(
            try Self.events(text, options: options, chunk: size) == [
                #"{"a":1,"b \"x\"":"line\none, two","c":true}"#, #"{"a":-0.5e3,"b \"x\"":null,"c":false}"#,
                #"{"a":"007","b \"x\"":"","c":"12"}"#, #"{"a":"x\"y","b \"x\"":"é\t","c":null}"#,
            ])
    }

    @Test("a stream's schema says what is text")
    func schema() throws {
        let options = CSVOptions(
            for: .fields([
                StreamField("id", .string), StreamField("n", .float64),
                StreamField("at", .timestamp(unit: .second)),
            ]))
        #expect(
            try Self.events("id,n,at,other\n12,\"1.5\",\"17\",\"3\"\n", options: options)
                == [#"{"id":"12","n":1.5,"at":17,"other":"3"}"#])
    }

    @Test(
        "a malformed file is refused with its line",
        arguments: [
            ("", 1), ("a,a\n", 1), ("a,\n1,2", 1), ("a,b\n1,2\n3\n", 3), ("a,b\n1,2,3\n", 2),
            ("a,b\n\"x\ny\"z,1\n", 3),
            ("a,b\n1,\"x\n\n", 4),
        ])
    func refuses(text: String, line: Int) {
        let error = #expect(throws: FileFormatsError.self) { try Self.events(text) }
        #expect(error?.code == .malformedCSV && error?.place == .text(line: line, column: 1))
    }

    @Test("what is written as CSV is read back over seeds", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let pieces = ["a", "\"", ",", "\n", "\r", "é", "\\", " ", "1", "0", "-", ".", "true", "NA"]
        let width = 2 + random.next(below: 3)
        let rows = (0..<random.next(below: 20)).map { _ in
            (0..<width).map { _ in
                (0..<random.next(below: 5)).map { _ in pieces[random.next(below: pieces.count)] }.joined()
            }
        }
        let lineEnd = random.chance(2) ? "\r\n" : "\n"
        let header = (0..<width).map { "c\($0)" }.joined(separator: ",")
        let lines = rows.map {
            $0.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
        }
        let text = ([header] + lines).joined(separator: lineEnd) + (random.chance(2) ? lineEnd : "")
        let events = try Self.events(text, chunk: 1 + random.next(below: 20))
        #expect(events.count == rows.count)
        for (event, row) in zip(events, rows) {
            let values = try JSONParser.parse(event).object?.members.map(\.value)
            #expect(values == row.map { .string($0) })
        }
    }
}
