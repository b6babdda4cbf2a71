/// Murmur3, the 32-bit variant for x86 with seed 0: the hash of the bucket transform.
///
/// Source: Iceberg table specification, appendix B; Austin Appleby, `MurmurHash3_x86_32`.
package enum Murmur3 {
    package static func hash(_ bytes: Span<UInt8>) -> Int32 {
        var state: UInt32 = 0
        var position = 0
        while position + 4 <= bytes.count {
            let block =
                UInt32(bytes[position]) | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2]) << 16
                | UInt32(bytes[position + 3]) << 24
            state = mixed(state, block)
            position += 4
        }
        var tail: UInt32 = 0
        var shift: UInt32 = 0
        while position < bytes.count {
            tail |= UInt32(bytes[position]) << shift
            shift += 8
            position += 1
        }
        if shift > 0 { state ^= scrambled(tail) }
        return finished(state, count: UInt32(truncatingIfNeeded: bytes.count))
    }

    package static func hash(_ bytes: [UInt8]) -> Int32 { hash(bytes.span) }

    /// The hash of the number's eight little-endian bytes; 32-bit numbers are widened first.
    @inline(__always)
    package static func hash(_ number: Int64) -> Int32 {
        let bits = UInt64(bitPattern: number)
        let state = mixed(mixed(0, UInt32(truncatingIfNeeded: bits)), UInt32(truncatingIfNeeded: bits >> 32))
        return finished(state, count: 8)
    }

    @inline(__always)
    private static func scrambled(_ block: UInt32) -> UInt32 {
        let product = block &* 0xCC9E_2D51
        return (product << 15 | product >> 17) &* 0x1B87_3593
    }

    @inline(__always)
    private static func mixed(_ state: UInt32, _ block: UInt32) -> UInt32 {
        let next = state ^ scrambled(block)
        return (next << 13 | next >> 19) &* 5 &+ 0xE654_6B64
    }

    @inline(__always)
    private static func finished(_ state: UInt32, count: UInt32) -> Int32 {
        var hash = state ^ count
        hash ^= hash >> 16
        hash = hash &* 0x85EB_CA6B
        hash ^= hash >> 13
        hash = hash &* 0xC2B2_AE35
        hash ^= hash >> 16
        return Int32(bitPattern: hash)
    }
}
