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
