import Foundation

/// MD5 as the SQL function gives it. No protection against anybody.
///
/// Source: RFC 1321.
enum MD5 {
    private static let sines: [UInt32] = (0..<64).map { UInt32(abs(sin(Double($0 + 1))) * 4_294_967_296) }
    private static let shifts: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

    static func hash(_ message: [UInt8]) -> [UInt8] {
        var bytes = message + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        let bits = UInt64(truncatingIfNeeded: message.count) &* 8
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(index * 8))) }

        var state: [UInt32] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]
        for block in stride(from: 0, to: bytes.count, by: 64) {
            let words = (0..<16).map { word in
                (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[block + word * 4 + $1]) }
            }
            var (a, b, c, d) = (state[0], state[1], state[2], state[3])
            for index in 0..<64 {
                let mixed: UInt32
                let word: Int
                switch index / 16 {
                case 0: (mixed, word) = (b & c | ~b & d, index)
                case 1: (mixed, word) = (d & b | ~d & c, (5 * index + 1) % 16)
                case 2: (mixed, word) = (b ^ c ^ d, (3 * index + 5) % 16)
                default: (mixed, word) = (c ^ (b | ~d), 7 * index % 16)
                }
                let sum = a &+ mixed &+ sines[index] &+ words[word]
                let places = shifts[index / 16 * 4 + index % 4]
                (a, d, c, b) = (d, c, b, b &+ (sum &<< places | sum &>> (32 - places)))
            }
            for (index, value) in [a, b, c, d].enumerated() { state[index] &+= value }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) } }
    }
}
