/// CRC-32C (Castagnoli): long runs by carry-less multiplication, the rest eight bytes a step by table lookup.
///
/// Source: RFC 3720 appendix B.4; "slicing by 8", Kounavis and Berry, 2005; `CRCFolding`.
package enum CRC32C {
    private static let tables: [[UInt32]] = {
        var tables = [[UInt32]](repeating: [UInt32](repeating: 0, count: 256), count: 8)
        for index in 0..<256 {
            var value = UInt32(index)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0x82F6_3B78 : value >> 1 }
            tables[0][index] = value
        }
        for index in 0..<256 {
            for table in 1..<8 {
                let previous = tables[table - 1][index]
                tables[table][index] = (previous >> 8) ^ tables[0][Int(previous & 0xFF)]
            }
        }
        return tables
    }()
    private static let flat: [UInt32] = tables.flatMap { $0 }

    private static let folding = CRCFolding(polynomial: 0x82F6_3B78 as UInt32)

    package static func checksum(_ bytes: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
        guard let (taken, rest) = folding.fold(bytes, register: UInt64(~seed)) else {
            return ~advanced(~seed, over: bytes)
        }
        return ~advanced(advanced(0, over: rest.span), over: bytes.extracting(taken...))
    }

    private static func advanced(_ register: UInt32, over bytes: Span<UInt8>) -> UInt32 {
        var crc = register
        let table = flat.span
        var position = 0
        while position + 8 <= bytes.count {
            let low =
                crc
                ^ (UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8
                    | UInt32(bytes[position + 2]) << 16 | UInt32(bytes[position + 3]) << 24)
            crc =
                table[7 * 256 + Int(low & 0xFF)] ^ table[6 * 256 + Int((low >> 8) & 0xFF)]
                ^ table[5 * 256 + Int((low >> 16) & 0xFF)] ^ table[4 * 256 + Int(low >> 24)]
                ^ table[3 * 256 + Int(bytes[position + 4])] ^ table[2 * 256 + Int(bytes[position + 5])]
                ^ table[1 * 256 + Int(bytes[position + 6])] ^ table[Int(bytes[position + 7])]
            position += 8
        }
        while position < bytes.count {
            crc = (crc >> 8) ^ table[Int((crc ^ UInt32(bytes[position])) & 0xFF)]
            position += 1
        }
        return crc
    }
}
