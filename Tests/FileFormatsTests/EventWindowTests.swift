import Columnar
import Effects
import FileFormats
import Testing

/// Bodies larger than the window whose structure the native reader holds: windows end anywhere between two tokens, and
/// events lie across their ends.
@Suite("Bodies of several windows")
struct EventWindowTests {
    static let fields = [
        StreamField("id", .int64, isRequired: true), StreamField("s", .string),
        StreamField("l", .list(StreamField("element", .string))), StreamField("j", .json),
    ]

    static func text(_ random: inout SeededGenerator, _ length: Int) -> String {
        let parts = ["a", "\\\"", ",", "},", "\\\\", "é", " ", "\\n", "{", "]", "\\u00e9", "𝄞", ": "]
        var text = ""
        while text.utf8.count < length { text += parts[random.next(below: parts.count)] }
        return text
    }

    static func event(_ id: Int, _ random: inout SeededGenerator) -> String {
        let space = ["", "", " ", "\n  "][random.next(below: 4)]
        switch random.next(below: 40) {
        case 0: return "{\"id\":\(id),\(space)\"s\":\"\(text(&random, 20_000))\"}"
        case 1: return "{\"id\":\(id),\"j\":[\(String(repeating: "1,\(space)", count: 5000))2]}"
        case 2: return "{\"id\":\"\(id)x\"}"
        case 3: return "{\"id\":\(id),\(space)\"more\":{\"a\":[\"\(text(&random, 50))\"]}}"
        case 4: return "{\"s\":\"\(text(&random, 30))\"}"
        default:
            return
                "{\"id\":\(id),\(space)\"s\":\"\(text(&random, random.next(below: 40)))\",\"l\":[\"\(text(&random, 9))\",\(space)null]}"
        }
    }

    /// One after the other until there is more than `bytes`; one of them alone is larger than a window in some seeds.
    static func events(_ random: inout SeededGenerator, bytes: Int) -> [String] {
        var samples = (0..<200).map { event($0, &random) }
        if random.chance(2) {
            samples[7] = "{\"id\":7,\"s\":\"\(String(repeating: "b,\\\"", count: 400_000))\"}"
        }
        if random.chance(2) {
            samples[9] = "{\"id\":9,\"l\":[\(String(repeating: "\"x\", ", count: 500_000))null]}"
        }
        var events: [String] = []
        var size = 0
        var isLargeUsed = false
        while size < bytes {
            let next = samples[random.next(below: samples.count)]
            if next.utf8.count > 1 << 20 {
                if isLargeUsed { continue }
                isLargeUsed = true
            }
            events.append(next)
            size += next.utf8.count
        }
        return events
    }

    static func body(_ events: [String], _ framing: EventFraming, _ random: inout SeededGenerator) -> [UInt8]
    {
        let separators = framing == .lines ? ["\n", "\n", " \n", "\n \n\t"] : [",", ",", " , ", ",\n"]
        let separator = separators[random.next(below: 4)]
        let inner = events.joined(separator: separator)
        return Array((framing == .lines ? inner + "\n" : "[\(inner) ]\n").utf8)
    }

    @Test("all events are found, in their places", arguments: 0..<12)
    func findsAll(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let framing: EventFraming = seed % 2 == 0 ? .lines : .array
        let events = Self.events(&random, bytes: 3 << 20)
        let body = Self.body(events, framing, &random)
        let inspected = try EventBody.inspect(body, mediaType: nil)
        #expect(inspected.count == events.count && inspected.framing == framing)

        let whole = try EventParser(schema: .unstructured).parse(body, framing: framing)
        #expect(whole.eventCount == events.count && whole.rowCount == events.count)
        let texts = whole.batches.flatMap { $0.columns[0].scalars }
        let wrong = zip(texts, events).first { $0.0 != .string($0.1) }
        #expect(wrong == nil, "seed \(seed)")
        let places = whole.places.allSatisfy {
            body[$0.span].elementsEqual(events[$0.index].utf8)
        }
        #expect(places, "seed \(seed)")

        // Each event alone fits one window, so it says what should come of it.
        let parser = try EventParser(schema: .fields(Self.fields))
        let together = try parser.parse(body, framing: framing)
        var rows: [String: [[Scalar]]] = [:]
        var expected: [[Scalar]] = []
        var misfits: [Int] = []
        var unknown = 0
        for (index, event) in events.enumerated() where event.utf8.count < 1 << 20 {
            let alone = try parser.parse(Array(event.utf8), framing: .object)
            unknown += alone.unknownFieldCount
            if rows[event] == nil { rows[event] = alone.batches.flatMap(\.rows) }
            expected += rows[event] ?? []
            if let misfit = alone.misfits.first {
                misfits.append(index)
                #expect(misfit.raw == event)
            }
        }
        let small = zip(together.places, together.batches.flatMap(\.rows))
            .filter { $0.0.span.count < 1 << 20 }.map(\.1)
        #expect(small == expected, "seed \(seed)")
        #expect(together.misfits.map(\.index) == misfits && together.unknownFieldCount == unknown)
        #expect(together.misfits.allSatisfy { $0.raw == events[$0.index] })
    }

    @Test("a fault behind the first window is found, with its place", arguments: 0..<8)
    func findsFaults(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(100 + seed))
        let framing: EventFraming = seed % 2 == 0 ? .lines : .array
        let events = Self.events(&random, bytes: 2 << 20)
        let good = Self.body(events, framing, &random)
        let faults: [[UInt8]] =
            ["}", "]", ",", "1", "tru", "\"", "{}", "\u{1}"].map { Array($0.utf8) } + [[0xFF]]
        let start = Array("{\"id\":".utf8)
        let starts = good.indices.filter { good[$0] == start[0] && good[$0...].starts(with: start) }
        for fault in faults {
            // Behind an event's first character, where none of these may stand; near the end, where a large event may be.
            let at = try #require(starts.suffix(200).randomElement(using: &random)) + 1
            var bad = good
            bad.insert(contentsOf: fault, at: at)
            let error = #expect(throws: FileFormatsError.self) {
                try EventBody.inspect(bad, mediaType: nil)
            }
            #expect(error?.code == .malformedBody, "\(fault) at \(at) of seed \(seed): \(error as Any)")
            let parser = try EventParser(schema: .fields(Self.fields))
            #expect(throws: FileFormatsError.self) { try parser.parse(bad, framing: framing) }
        }
        let cut = Array(good[..<(good.count - 4)])
        if framing == .array {
            #expect(throws: FileFormatsError.self) { try EventBody.inspect(cut, mediaType: nil) }
        }
    }

    @Test("white space and breaks may fill windows")
    func spaces() throws {
        let many = String(repeating: " ", count: 1_500_000)
        let event = "{\"id\":1}"
        for (separator, isGood) in [
            ("\n" + many, true), (many + "\n", true), (many + "\n" + many, true), (many, false),
        ] {
            for tail in ["", many] {
                let text = Array((many + event + separator + event + separator + event + tail).utf8)
                if isGood {
                    #expect(try EventBody.inspect(text, mediaType: nil).count == 3)
                    let events = try EventParser(schema: .fields(Self.fields)).parse(text, framing: .lines)
                    #expect(events.rowCount == 3)
                } else {
                    #expect(throws: FileFormatsError.self) { try EventBody.inspect(text, mediaType: nil) }
                }
                let array = Array((many + "[" + many + event + many + "," + event + many + "]" + tail).utf8)
                #expect(try EventBody.inspect(array, mediaType: nil).count == 2)
                #expect(throws: FileFormatsError.self) {
                    try EventBody.inspect(array + Array("1".utf8), mediaType: nil)
                }
                let numbers = Array((many + "1" + many + "\n" + many + "2" + tail).utf8)
                #expect(try EventBody.inspect(numbers, mediaType: nil).count == 2)
            }
        }
    }
}
