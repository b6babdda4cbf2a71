import Columnar
import Effects
import Iceberg
import Testing

@Suite("SingleValue and bounds")
struct ValueTests {
    /// Worked out with PyIceberg's `to_bytes`.
    static let encodings: [(DataType, Scalar, [UInt8])] = [
        (.boolean, .boolean(true), [1]), (.int, .int(-2), [0xFE, 0xFF, 0xFF, 0xFF]),
        (.date, .int(1), [1, 0, 0, 0]),
        (.long, .long(258), [2, 1, 0, 0, 0, 0, 0, 0]),
        (.timestamptz, .long(-1), [UInt8](repeating: 0xFF, count: 8)),
        (.float, .float(1), [0, 0, 0x80, 0x3F]), (.double, .double(-2), [0, 0, 0, 0, 0, 0, 0, 0xC0]),
        (.string, .string("é"), [0xC3, 0xA9]), (.binary, .bytes([]), []),
        (.fixed(2), .bytes([1, 2]), [1, 2]),
        (.decimal(precision: 9, scale: 2), .long(0), [0]),
        (.decimal(precision: 9, scale: 2), .long(127), [0x7F]),
        (.decimal(precision: 9, scale: 2), .long(128), [0, 0x80]),
        (.decimal(precision: 9, scale: 2), .long(-128), [0x80]),
        (.decimal(precision: 9, scale: 2), .long(-129), [0xFF, 0x7F]),
        (.decimal(precision: 38, scale: 0), .int128(-1 << 100), [0xF0] + [UInt8](repeating: 0, count: 12)),
    ]

    @Test("values encode as the specification's appendix D says, and decode again", arguments: encodings)
    func roundTrips(type: DataType, value: Scalar, bytes: [UInt8]) throws {
        #expect(SingleValue.encode(value, type) == bytes)
        #expect(try SingleValue.decode(bytes, type) == value)
    }

    @Test("bounds of narrower types decode after the column was widened")
    func decodesPromoted() throws {
        #expect(try SingleValue.decode([0xFE, 0xFF, 0xFF, 0xFF], .long) == .long(-2))
        #expect(try SingleValue.decode([0, 0, 0x80, 0x3F], .double) == .double(1))
    }

    @Test(
        "bytes that do not fit are refused",
        arguments: [
            (DataType.int, [UInt8](repeating: 1, count: 3)), (.long, []), (.double, [1]), (.string, [0xFF]),
            (.uuid, [1]),
            (.decimal(precision: 5, scale: 0), []),
            (.decimal(precision: 38, scale: 0), [UInt8](repeating: 1, count: 17)),
            (.decimal(precision: 18, scale: 0), [UInt8](repeating: 1, count: 16)), (.boolean, []),
            (.list(Field("element", .int)), [1]), (.fixed(1), [1, 2]),
        ])
    func refuses(type: DataType, bytes: [UInt8]) {
        #expect(throws: IcebergError.self) { try SingleValue.decode(bytes, type) }
    }

    @Test("cut bounds stay on their side", arguments: 0..<50 as Range<UInt64>)
    func truncatesBounds(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let alphabet: [Unicode.Scalar] = ["a", "\u{7F}", "\u{D7FF}", "\u{10FFFF}", "ü"]
        var view = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...24, using: &generator) {
            view.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
        }
        let text = Scalar.string(String(view))
        #expect(try #require(ScalarOrder.compare(BoundTruncation.lower(text), text)) <= 0)
        if let upper = BoundTruncation.upper(text) {
            #expect(try #require(ScalarOrder.compare(upper, text)) >= 0)
        }
        let bytes = (0..<24).map { _ in UInt8.random(in: 0xFD...0xFF, using: &generator) }
        if let upper = BoundTruncation.upper(.bytes(bytes)) {
            #expect(try #require(ScalarOrder.compare(upper, .bytes(bytes))) >= 0)
        }
    }

    @Test("an upper bound that cannot grow is dropped")
    func dropsUpperBounds() {
        #expect(BoundTruncation.upper(.bytes([UInt8](repeating: 0xFF, count: 17))) == nil)
        #expect(BoundTruncation.upper(.string(String(repeating: "\u{10FFFF}", count: 17))) == nil)
        #expect(BoundTruncation.upper(.string("abcdefghijklmnopq")) == .string("abcdefghijklmnoq"))
    }
}
