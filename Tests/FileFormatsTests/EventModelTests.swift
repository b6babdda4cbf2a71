import Columnar
import Effects
import FileFormats
import JSONText
import Testing

/// The native reader against the reader of nested values, which goes through `JSONValue`: the same events, once flat
/// and once inside a struct, must give the same rows and misfits.
@Suite("Event parser against its model")
struct EventModelTests {
    static let types: [StreamType] = [
        .string, .int32, .int64, .uint32, .uint64, .float32, .float64, .bool,
        .decimal(precision: 9, scale: 2),
        .decimal(precision: 38, scale: 10), .timestamp(unit: .second), .timestamp(unit: .millisecond),
        .timestamp(unit: .microsecond), .timestamp(unit: .nanosecond), .date, .json, .binary, .uuid,
        .list(StreamField("element", .int32)), .structure([StreamField("x", .string, isRequired: true)]),
    ]

    static func token(_ random: inout SeededGenerator) -> String {
        func digits(_ count: Int) -> String {
            String((0..<count).map { _ in Character("\(random.next(below: 10))") })
        }
        func number() -> String {
            let sign = random.chance(3) ? "-" : ""
            let whole =
                random.chance(3)
                ? "0"
                : "\(1 + random.next(below: 9))" + digits(random.next(below: random.chance(4) ? 40 : 12))
            let fraction =
                random.chance(2)
                ? "" : "." + digits(1 + random.next(below: 12)) + (random.chance(2) ? "0" : "")
            let exponent =
                random.chance(4)
                ? "e" + ["", "+", "-"][random.next(below: 3)] + digits(1 + random.next(below: 3)) : ""
            return sign + whole + fraction + exponent
        }
        func two(_ limit: Int) -> String {
            let value = random.next(below: limit); return value < 10 ? "0\(value)" : "\(value)"
        }
        func date() -> String { "\(1900 + random.next(below: 200))-\(two(14))-\(two(33))" }
        func timestamp() -> String {
            let zones = ["Z", "z", "", "+01:30", "-23:59", "+24:00", "+1:00", "Zx"]
            return date() + ["T", " ", "t", "_"][random.next(below: 4)] + "\(two(25)):\(two(61)):\(two(61))"
                + (random.chance(2) ? "." + digits(random.next(below: 9)) : "")
                + zones[random.next(below: zones.count)]
        }
        switch random.next(below: 14) {
        case 0: return "null"
        case 1: return ["true", "false"][random.next(below: 2)]
        case 2, 3, 4: return number()
        case 5: return "\"\(number())\""
        case 6: return "\"\(date())\""
        case 7, 8: return "\"\(timestamp())\""
        case 9:
            return
                "\"\(["NaN", "Infinity", "-Infinity", "nan", "", "+1", "01", "1.", " 1"][random.next(below: 9)])\""
        case 10:
            let alphabet = Array("ABCabc012+/=_é")
            return "\""
                + String(
                    (0..<random.next(below: 13)).map { _ in alphabet[random.next(below: alphabet.count)] })
                + "\""
        case 11:
            let hex = Array("0123456789abcdefABCDEF")
            func run(_ count: Int) -> String {
                String((0..<count).map { _ in hex[random.next(below: hex.count)] })
            }
            return "\"\(run(8))-\(run(4))-\(run(4))-\(run(4))-\(run(random.chance(4) ? 11 : 12))\""
        case 12: return "[\(random.next(below: 100)),\(random.chance(2) ? "\"7\"" : "null")]"
        default: return "{\"x\":\"\(digits(random.next(below: 30)))\"}"
        }
    }

    static func event(_ fields: [StreamField], _ random: inout SeededGenerator) -> String {
        var members: [String] = []
        for field in fields where !random.chance(8) { members.append("\"\(field.name)\":\(token(&random))") }
        if random.chance(6) { members.append("\"unknown\":\(token(&random))") }
        if random.chance(6), let field = fields.first {
            members.append("\"\(field.name)\":\(token(&random))")
        }
        if random.chance(3) { members.reverse() }
        return "{" + members.joined(separator: random.chance(2) ? "," : " , ") + "}"
    }

    @Test("rows and misfits are the same", arguments: 0..<100)
    func agrees(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        // The parser looks inside lists and structs last; behind all others they are found in the same order.
        let chosen = (0..<(1 + random.next(below: 4))).map { _ in random.next(below: Self.types.count) }
            .sorted()
        let fields = chosen.enumerated().map { index, type in
            StreamField("f\(index)", Self.types[type], isRequired: random.chance(5))
        }
        let events = (0..<200).map { _ in Self.event(fields, &random) }
        let flat = try EventParser(schema: .fields(fields)).parse(
            Array(events.joined(separator: "\n").utf8), framing: .lines)
        let wrapped = events.map { "{\"e\":\($0)}" }.joined(separator: "\n")
        let model = try EventParser(schema: .fields([StreamField("e", .structure(fields))]))
            .parse(Array(wrapped.utf8), framing: .lines)
        #expect(flat.eventCount == 200 && model.eventCount == 200)
        let left = flat.misfits.map { "\($0.index) \($0.code) \($0.path.dropFirst())" }
        let right = model.misfits.map { "\($0.index) \($0.code) \($0.path.dropFirst(3))" }
        if left != right {
            let index = zip(left, right).first { $0 != $1 }
            let event = index.flatMap { Int($0.0.prefix { $0 != " " }) } ?? 0
            Issue.record("seed \(seed): \(index as Any) in \(events[event]) as \(fields.map(\.type))")
        }
        let rows = flat.batches.flatMap(\.rows).map { "\(Scalar.structure($0))" }
        let expected = model.batches.flatMap(\.rows).map { "\($0[0])" }
        for (row, other) in zip(rows, expected) where row != other {
            Issue.record("seed \(seed): \(row) against \(other)")
            break
        }
        #expect(rows.count == expected.count)
    }

    @Test("a body with changed bytes gives an error or rows, and the whole body counts", arguments: 0..<100)
    func damaged(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(1000 + seed))
        let fields = (0..<4).map { StreamField("f\($0)", Self.types[random.next(below: Self.types.count)]) }
        let parser = try EventParser(schema: .fields(fields))
        for _ in 0..<20 {
            let events = (0..<5).map { _ in Self.event(fields, &random) }
            var bytes = Array("[\(events.joined(separator: ","))]".utf8)
            for _ in 0..<(1 + random.next(below: 3)) {
                bytes[random.next(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let isGood = (try? JSONParser.parse(bytes))?.array != nil
            let parsed = try? parser.parse(bytes, framing: .array)
            #expect((parsed != nil) == isGood, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            if let parsed { #expect(parsed.rowCount + parsed.misfits.count == parsed.eventCount) }
        }
    }
}
