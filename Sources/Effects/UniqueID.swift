/// A UUID as 16 bytes, printed in canonical lower case.
package struct UniqueID: Sendable, Hashable, CustomStringConvertible, LosslessStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A random one: version 4 of RFC 9562.
    package static func random(from source: some Randomness) -> UniqueID {
        UniqueID(
            high: (source.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000,
            low: (source.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }

    /// One that sorts by time: version 7 of RFC 9562.
    package static func timeOrdered(at instant: Instant, from source: some Randomness) -> UniqueID {
        let time = UInt64(bitPattern: instant.milliseconds) & 0xFFFF_FFFF_FFFF
        return UniqueID(
            high: (time << 16) | 0x7000 | (source.next() & 0x0FFF),
            low: (source.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000)
    }

    /// Accepts 32 hex digits, with or without the four hyphens.
    ///
    /// - Cost: no allocation; ids come with every request.
    package init?(_ text: String) {
        var words: (high: UInt64, low: UInt64) = (0, 0)
        var digitCount = 0
        var byteCount = 0
        for byte in text.utf8 {
            defer { byteCount += 1 }
            if byte == UInt8(ascii: "-") {
                guard byteCount == 8 || byteCount == 13 || byteCount == 18 || byteCount == 23 else {
                    return nil
                }
                continue
            }
            guard digitCount < 32, let value = Self.hexValue(byte) else { return nil }
            words.high = words.high << 4 | words.low >> 60
            words.low = words.low << 4 | value
            digitCount += 1
        }
        guard digitCount == 32, byteCount == 32 || byteCount == 36 else { return nil }
        self.init(high: words.high, low: words.low)
    }

    package init?(_ text: Substring) { self.init(String(text)) }

    private static func hexValue(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte &- UInt8(ascii: "a") &+ 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte &- UInt8(ascii: "A") &+ 10)
        default: nil
        }
    }

    package var description: String {
        var text = hexDigits
        for offset in [20, 16, 12, 8] {
            text.insert("-", at: text.index(text.startIndex, offsetBy: offset))
        }
        return text
    }

    /// 32 lower-case digits without hyphens: the form of ids in the hosted API.
    package var hexDigits: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for position in 0..<32 {
            let word = position < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - position % 16 * 4)) & 15
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Big-endian, as Iceberg and RFC 9562 store it.
    package var bytes: [UInt8] {
        [high, low].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }
}
