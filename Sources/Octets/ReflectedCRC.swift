/// A reflected cyclic redundancy check of any width: long runs by carry-less multiplication, the rest eight bytes a step by
/// table lookup.
///
/// Source: "slicing by 8", Kounavis and Berry, 2005; `CRCFolding`. `CRC32C` is the same with its own polynomial, kept apart because the
/// journal's and the log's formats rest on it.
package struct ReflectedCRC<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private let table: [Word]
    private let folding: CRCFolding

    /// `polynomial` is given with its bits reversed.
    package init(polynomial: Word) {
        var table = [Word](repeating: 0, count: 8 * 256)
        for index in 0..<256 {
            var value = Word(index)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
            table[index] = value
        }
        for index in 256..<8 * 256 {
            let previous = table[index - 256]
            table[index] = (previous >> 8) ^ table[Int(truncatingIfNeeded: previous & 0xFF)]
        }
        self.table = table
        folding = CRCFolding(polynomial: polynomial)
    }

    /// The checksum of `bytes` behind those whose checksum is `seed`.
    package func checksum(_ bytes: Span<UInt8>, seed: Word = 0) -> Word {
        guard
            let (taken, rest) = folding.fold(bytes, register: UInt64(truncatingIfNeeded: ~seed))
        else { return ~advanced(~seed, over: bytes) }
        return ~advanced(advanced(0, over: rest.span), over: bytes.extracting(taken...))
    }

    private func advanced(_ register: Word, over bytes: Span<UInt8>) -> Word {
        var crc = register
        let table = table.span
        var position = 0
        while position + 8 <= bytes.count {
            var word: UInt64 = 0
            for index in 0..<8 { word |= UInt64(bytes[position + index]) << UInt64(8 * index) }
            word ^= UInt64(truncatingIfNeeded: crc)
            // A word narrower than eight bytes has nothing left of the old value; a wider one does not exist here.
            crc = 0
            for index in 0..<8 {
                crc ^= table[(7 - index) * 256 + Int(truncatingIfNeeded: (word >> UInt64(8 * index)) & 0xFF)]
            }
            position += 8
        }
        while position < bytes.count {
            let index = Int(truncatingIfNeeded: (crc ^ Word(bytes[position])) & 0xFF)
            crc = (crc >> 8) ^ table[index]
            position += 1
        }
        return crc
    }
}

/// The checksums of zip and PNG, and of NVMe, which S3 clients send.
package enum CRC {
    package static let crc32 = ReflectedCRC<UInt32>(polynomial: 0xEDB8_8320)
    package static let crc64NVMe = ReflectedCRC<UInt64>(polynomial: 0x9A6C_9329_AC4B_C9B5)
}
