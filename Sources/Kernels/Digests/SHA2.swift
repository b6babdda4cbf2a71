/// SHA-224, 256, 384 and 512 as SQL functions need them: whole messages, no secrets.
///
/// Source: FIPS 180-4. The constants are the fractions of roots of primes, computed once as the standard defines them.
enum SHA2 {
    static func sha256(_ message: [UInt8]) -> [UInt8] {
        compress32(
            message,
            [
                0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
                0x5be0_cd19,
            ])
    }

    static func sha224(_ message: [UInt8]) -> [UInt8] {
        Array(
            compress32(
                message,
                [
                    0xc105_9ed8, 0x367c_d507, 0x3070_dd17, 0xf70e_5939, 0xffc0_0b31, 0x6858_1511, 0x64f9_8fa7,
                    0xbefa_4fa4,
                ]
            ).prefix(28))
    }

    static func sha512(_ message: [UInt8]) -> [UInt8] {
        compress64(
            message,
            [
                0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
                0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
            ])
    }

    static func sha384(_ message: [UInt8]) -> [UInt8] {
        Array(
            compress64(
                message,
                [
                    0xcbbb_9d5d_c105_9ed8, 0x629a_292a_367c_d507, 0x9159_015a_3070_dd17,
                    0x152f_ecd8_f70e_5939,
                    0x6733_2667_ffc0_0b31, 0x8eb4_4a87_6858_1511, 0xdb0c_2e0d_64f9_8fa7,
                    0x47b5_481d_befa_4fa4,
                ]
            ).prefix(48))
    }

    /// The first 64 bits behind the point of the cube roots of the first 80 primes; 32-bit rounds take the upper half.
    private static let roundConstants: [UInt64] = {
        var primes: [UInt64] = []
        var candidate: UInt64 = 2
        while primes.count < 80 {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { fractionOfCubeRoot($0) }
    }()

    /// floor(cbrt(prime) * 2^64) mod 2^64, bit by bit: the largest r with r^3 <= prime * 2^192.
    private static func fractionOfCubeRoot(_ prime: UInt64) -> UInt64 {
        var whole: UInt64 = 1
        while (whole + 1) * (whole + 1) * (whole + 1) <= prime { whole += 1 }
        var fraction: UInt64 = 0
        for bit in (0..<64).reversed() {
            let trial = fraction | 1 << UInt64(bit)
            if cubeIsAtMost(UInt128(whole) << 64 | UInt128(trial), prime) { fraction = trial }
        }
        return fraction
    }

    /// Whether root^3 <= prime * 2^192, for root below 2^67.
    private static func cubeIsAtMost(_ root: UInt128, _ prime: UInt64) -> Bool {
        // root^2 < 2^134 needs both halves; times root below 2^201 is kept as 64-bit digits.
        let square = root.multipliedFullWidth(by: root)
        let low = square.low.multipliedFullWidth(by: root)
        let high = square.high * root + low.high
        // root^3 = high * 2^128 + low.low; compare with prime * 2^192.
        let bound = UInt128(prime) << 64
        return high < bound || (high == bound && low.low == 0)
    }

    /// The message, a one bit, zeros, and the length in bits at the end of a block.
    private static func padded(_ message: [UInt8], block: Int) -> [UInt8] {
        var bytes = message + [0x80]
        while bytes.count % block != block - block / 8 { bytes.append(0) }
        let bits = UInt128(message.count) * 8
        for index in (0..<block / 8).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt128(index * 8)))
        }
        return bytes
    }

    private static func compress32(_ message: [UInt8], _ start: [UInt32]) -> [UInt8] {
        func rotate(_ value: UInt32, _ places: UInt32) -> UInt32 {
            value &>> places | value &<< (32 - places)
        }
        let bytes = padded(message, block: 64)
        let constants = roundConstants.prefix(64).map { UInt32(truncatingIfNeeded: $0 >> 32) }
        var hash = start
        var words = [UInt32](repeating: 0, count: 64)
        for block in stride(from: 0, to: bytes.count, by: 64) {
            for index in 0..<16 {
                words[index] = (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[block + index * 4 + $1]) }
            }
            for index in 16..<64 {
                let first = words[index - 15]
                let second = words[index - 2]
                let s0 = rotate(first, 7) ^ rotate(first, 18) ^ first >> 3
                let s1 = rotate(second, 17) ^ rotate(second, 19) ^ second >> 10
                words[index] = words[index - 16] &+ s0 &+ words[index - 7] &+ s1
            }
            var v = hash
            for index in 0..<64 {
                let s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)
                let choice = v[4] & v[5] ^ ~v[4] & v[6]
                let first = v[7] &+ s1 &+ choice &+ constants[index] &+ words[index]
                let s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)
                let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
                v = [first &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
            }
            for index in 0..<8 { hash[index] &+= v[index] }
        }
        return hash.flatMap { word in
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
        }
    }

    private static func compress64(_ message: [UInt8], _ start: [UInt64]) -> [UInt8] {
        func rotate(_ value: UInt64, _ places: UInt64) -> UInt64 {
            value &>> places | value &<< (64 - places)
        }
        let bytes = padded(message, block: 128)
        let constants = roundConstants
        var hash = start
        var words = [UInt64](repeating: 0, count: 80)
        for block in stride(from: 0, to: bytes.count, by: 128) {
            for index in 0..<16 {
                words[index] = (0..<8).reduce(0) { $0 << 8 | UInt64(bytes[block + index * 8 + $1]) }
            }
            for index in 16..<80 {
                let first = words[index - 15]
                let second = words[index - 2]
                let s0 = rotate(first, 1) ^ rotate(first, 8) ^ first >> 7
                let s1 = rotate(second, 19) ^ rotate(second, 61) ^ second >> 6
                words[index] = words[index - 16] &+ s0 &+ words[index - 7] &+ s1
            }
            var v = hash
            for index in 0..<80 {
                let s1 = rotate(v[4], 14) ^ rotate(v[4], 18) ^ rotate(v[4], 41)
                let choice = v[4] & v[5] ^ ~v[4] & v[6]
                let first = v[7] &+ s1 &+ choice &+ constants[index] &+ words[index]
                let s0 = rotate(v[0], 28) ^ rotate(v[0], 34) ^ rotate(v[0], 39)
                let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
                v = [first &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
            }
            for index in 0..<8 { hash[index] &+= v[index] }
        }
        return hash.flatMap { word in
            (0..<8).reversed().map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
        }
    }
}
