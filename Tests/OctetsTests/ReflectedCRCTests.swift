import Octets
import Testing

@Suite("ReflectedCRC")
struct ReflectedCRCTests {
    @Test("the check values of the catalogue of CRC algorithms")
    func checkValues() {
        let text = Array("123456789".utf8)
        #expect(CRC.crc32.checksum(text.span) == 0xCBF4_3926)
        #expect(CRC.crc64NVMe.checksum(text.span) == 0xAE8B_1486_0A79_9888)
        #expect(CRC.crc64NVMe.checksum([UInt8]().span) == 0)
    }

    /// Bit by bit, as the definition has it.
    private func slow<Word: FixedWidthInteger & UnsignedInteger>(_ bytes: [UInt8], _ polynomial: Word) -> Word
    {
        var register = ~(0 as Word)
        for byte in bytes {
            register ^= Word(byte)
            for _ in 0..<8 {
                register = register & 1 == 1 ? (register >> 1) ^ polynomial : register >> 1
            }
        }
        return ~register
    }

    @Test("long runs, which are folded, give what the definition gives")
    func folded() {
        for count in Array(0...300) + [511, 512, 513, 1000, 4096, 5003] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 5)) }
            #expect(CRC32C.checksum(bytes.span) == slow(bytes, 0x82F6_3B78 as UInt32))
            #expect(CRC.crc32.checksum(bytes.span) == slow(bytes, 0xEDB8_8320 as UInt32))
            #expect(CRC.crc64NVMe.checksum(bytes.span) == slow(bytes, 0x9A6C_9329_AC4B_C9B5 as UInt64))
            let cut = count / 3
            let front = CRC32C.checksum(bytes.span.extracting(0..<cut))
            #expect(
                CRC32C.checksum(bytes.span.extracting(cut..<count), seed: front)
                    == CRC32C.checksum(bytes.span))
        }
    }

    @Test("pieces give the checksum of the whole")
    func pieces() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for cut in [0, 1, 7, 8, 9, 500, 1000] {
            let first = CRC.crc64NVMe.checksum(bytes.span.extracting(0..<cut))
            #expect(
                CRC.crc64NVMe.checksum(bytes.span.extracting(cut..<1000), seed: first)
                    == CRC.crc64NVMe.checksum(bytes.span))
            let short = CRC.crc32.checksum(bytes.span.extracting(0..<cut))
            #expect(
                CRC.crc32.checksum(bytes.span.extracting(cut..<1000), seed: short)
                    == CRC.crc32.checksum(bytes.span)
            )
        }
    }
}
