import Columnar
import Effects
import TestKit
import Testing

@testable import FileFormats

/// Bodies in Arrow's streaming format, and what hostile ones do.
@Suite("ArrowBody")
struct ArrowBodyTests {
    private static let limit = 4 << 20

    private func stream(_ batches: [Batch]) throws -> [UInt8] {
        let encoder = try ArrowStreamEncoder(schema: batches[0].schema)
        return try batches.flatMap { try encoder.encode($0) } + encoder.finish()
    }

    private func lines(_ bytes: [UInt8], limit: Int = limit) throws -> [String] {
        String(decoding: try ArrowBody(limit: limit).lines(of: bytes) { _ in }, as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    private func batch(_ fields: [(Field, [Scalar])]) -> Batch {
        Batch(
            schema: Schema(fields.map(\.0)), columns: fields.map { Column($0.0.type, $0.1) },
            rowCount: fields[0].1.count)
    }

    @Test("rows become events in the forms that events have")
    func forms() throws {
        let inner = DataType.structure([Field("x", .int), Field("y", .string)])
        let rows = batch([
            (Field("id", .long, isRequired: true), [.long(1), .long(-2)]),
            (Field("text", .string), [.string("a \"é\"\n"), .null]),
            (Field("at", .timestamp), [.long(1_700_000_000_000_001), .null]),
            (Field("day", .date), [.int(1), .null]), (Field("raw", .binary), [.bytes([0, 255]), .null]),
            (Field("price", .decimal(precision: 20, scale: 2)), [.int128(-150), .null]),
            (Field("ok", .boolean), [.boolean(true), .null]),
            (Field("f", .double), [.double(0.5), .double(.nan)]),
            (
                Field("l", .list(Field("element", inner))),
                [.list([.structure([.int(1), .null])]), .list([])]
            ),
            (
                Field("m", .map(key: Field("key", .string, isRequired: true), value: Field("value", .int))),
                [.map([ScalarPair(.string("k"), .int(3))]), .null]
            ),
        ])
        let first =
            #"{"id":1,"text":"a \"é\"\n","at":"2023-11-14T22:13:20.000001","day":"1970-01-02","raw":"AP8=","#
            + #""price":"-1.50","ok":true,"f":0.5,"l":[{"x":1,"y":null}],"m":{"k":3}}"#
        let second =
            #"{"id":-2,"text":null,"at":null,"day":null,"raw":null,"price":null,"ok":null,"f":"NaN","l":[],"m":null}"#
        #expect(try lines(try stream([rows, rows])) == [first, second, first, second])
        let none = batch([(Field("id", .long), [])])
        #expect(try lines(try stream([none])) == [])
    }

    @Test("long batches are made into text piece by piece, with what lies in their lists")
    func pieces() throws {
        let count = 20_000
        let numbers = (0..<count).map { Int64($0) }
        let offsets = (0...count).map { Int32($0 * 2) }
        let elements = Column(.long, count: 2 * count, .int64((0..<2 * count).map { Int64($0) }))
        let list = DataType.list(Field("element", .long))
        let rows = Batch(
            schema: Schema([Field("id", .long), Field("l", list)]),
            columns: [
                Column(.long, count: count, .int64(numbers)),
                Column(list, count: count, .list(offsets: offsets, element: elements)),
            ], rowCount: count)
        let found = try lines(try stream([rows]))
        #expect(found == numbers.map { "{\"id\":\($0),\"l\":[\(2 * $0),\(2 * $0 + 1)]}" })
    }

    @Test("a dictionary's long value in every row, and rows without bytes, are refused before they are made")
    func bombs() throws {
        let word = String(repeating: "x", count: 1 << 20)
        let words = Column(.string, [.string(word)])
        let many = Batch(
            schema: Schema([Field("w", .string)]),
            columns: [
                Column(
                    .string, count: 8000,
                    .dictionary(indices: [Int32](repeating: 0, count: 8000), values: words))
            ], rowCount: 8000)
        var most = 0
        func refused(_ bytes: [UInt8]) -> FileFormatsError.Code? {
            #expect(throws: FileFormatsError.self) {
                _ = try ArrowBody(limit: Self.limit).lines(of: bytes) { most = max(most, $0) }
            }?.code
        }
        // What writes here puts a dictionary's values in their places: of four rows the text is too long already.
        #expect(refused(try stream([many.slice(0..<5)])) == .tooLarge)
        let nulls = Batch(
            schema: Schema([Field("n", .null)]), columns: [.nulls(.null, count: 1 << 30)], rowCount: 1 << 30)
        #expect(refused(try stream([nulls])) == .tooLarge)
        let element = DataType.list(Field("element", .null))
        let listed = Batch(
            schema: Schema([Field("l", element)]),
            columns: [
                Column(
                    element, count: 1, .list(offsets: [0, 1 << 30], element: .nulls(.null, count: 1 << 30)))
            ], rowCount: 1)
        #expect(refused(try stream([listed])) == .tooLarge)
        #expect(most < 128 << 20)
    }

    @Test("what memory refuses ends with the ledger's own error")
    func refusedMemory() throws {
        struct Refused: Error {}
        let rows = batch([(Field("id", .long), (0..<1000).map { .long($0) })])
        #expect(throws: Refused.self) {
            _ = try ArrowBody(limit: Self.limit).lines(of: try stream([rows])) { _ in throw Refused() }
        }
    }

    @Test("what is no stream is malformed, with a reason")
    func malformed() throws {
        let whole = try stream([batch([(Field("id", .long), [.long(1)])])])
        let twice = batch([(Field("a", .long), [.long(1)]), (Field("a", .long), [.long(2)])])
        let interval = batch([(Field("i", .structure([])), [.structure([])])])
        for bytes in [
            [], Array("{}".utf8), Array("ARROW1\0\0".utf8) + whole, Array(whole.dropLast(20)),
            whole + [1, 2, 3],
            Array(whole.dropFirst()), try stream([twice]),
        ] {
            let error = #expect(throws: FileFormatsError.self) { _ = try lines(bytes) }
            #expect(error?.code == .malformedBody, "\(bytes.prefix(8))")
        }
        #expect(try lines(try stream([interval])) == [#"{"i":{}}"#])
    }

    /// Streams of every kind of column, whole, cut, and with bytes changed: an answer or an error, never the end of the
    /// process, and no more memory than was asked for.
    @Test("damaged streams are an error or events", arguments: 0..<FuzzRounds.count(60))
    func damaged(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var columns = RandomColumns(seed: UInt64(seed))
        let schema = columns.schema()
        let whole = try stream([columns.batch(schema, rowCount: 30), columns.batch(schema, rowCount: 7)])
        for _ in 0..<100 {
            var bytes = whole
            for _ in 0...(random.next() % 4) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 5 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes[place] ^= 1 << UInt8(random.next() % 8)
                case 2: bytes[place] = [0, 0x7F, 0x80, 0xFF][Int(random.next() % 4)]
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 64)))
                default:
                    let length = min(8, bytes.count - place)
                    for index in 0..<length { bytes[place + index] = random.next() % 2 == 0 ? 0xFF : 0x7F }
                }
                if bytes.isEmpty { break }
            }
            var most = 0
            do {
                let text = try ArrowBody(limit: Self.limit).lines(of: bytes) { held in
                    most = max(most, held)
                    if held > 256 << 20 { throw FileFormatsError(.tooLarge, "too much") }
                }
                #expect(text.count <= Self.limit)
            } catch let error as FileFormatsError {
                #expect([.malformedBody, .tooLarge].contains(error.code), "\(error)")
            }
        }
    }
}
