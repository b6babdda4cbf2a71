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
    package init?(_ text: some StringProtocol) {
        var digits: [UInt64] = []
        digits.reserveCapacity(32)
        for (index, character) in text.utf8.enumerated() {
            if character == UInt8(ascii: "-") {
                guard [8, 13, 18, 23].contains(index) else { return nil }
                continue
            }
            guard let value = Character(UnicodeScalar(character)).hexDigitValue else { return nil }
            digits.append(UInt64(value))
        }
        guard digits.count == 32, text.utf8.count == 32 || text.utf8.count == 36 else { return nil }
        high = digits[..<16].reduce(0) { $0 << 4 | $1 }
        low = digits[16...].reduce(0) { $0 << 4 | $1 }
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
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for word in [high, low] {
            for shift in stride(from: 60, through: 0, by: -4) {
                bytes.append(digits[Int((word >> UInt64(shift)) & 15)])
            }
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
