import Octets
import Testing

@Suite("Octets")
struct OctetsTests {
    @Test("varints round-trip over the whole range", arguments: [0, 1, 127, 128, 300, 1 << 35, UInt64.max])
    func varint(value: UInt64) {
        var bytes: [UInt8] = []
        Varint.append(value, to: &bytes)
        var position = 0
        #expect(Varint.read(bytes.span, at: &position) == value)
        #expect(position == bytes.count)
    }

    @Test("zig-zag keeps small negative numbers small", arguments: [0, -1, 1, Int64.min, Int64.max])
    func zigZag(value: Int64) {
        var bytes: [UInt8] = []
        Varint.appendZigZag(value, to: &bytes)
        var position = 0
        #expect(Varint.readZigZag(bytes.span, at: &position) == value)
    }

    @Test("a varint that does not end is refused")
    func endlessVarint() {
        var position = 0
        #expect(Varint.read([UInt8](repeating: 0x80, count: 11).span, at: &position) == nil)
    }

    @Test("CRC-32C gives the value of RFC 3720")
    func crc() {
        #expect(CRC32C.checksum(Array("123456789".utf8).span) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32).span) == 0x8A91_36AA)
    }

    @Test("base64 and hex round-trip every length", arguments: 0..<10)
    func texts(length: Int) {
        let bytes = (0..<length).map { UInt8($0 * 37 & 255) }
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Hex.decode(Hex.encode(bytes)) == bytes)
    }

    @Test("base64 of a lone digit is refused")
    func loneDigit() { #expect(Base64.decode("A") == nil) }
}
