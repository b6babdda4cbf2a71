import Octets

/// Reads deletion vectors: roaring bitmaps of 64-bit positions, as Puffin files hold them.
///
///     length of magic and vector: 4, big-endian | D1 D3 39 64 | vector | CRC-32 of magic and vector: 4, big-endian
///     vector: bitmaps: 8 | key: 4, roaring bitmap of 32-bit positions | …      (little-endian)
///
/// Nothing grows beyond a small multiple of the bytes: runs stay runs.
///
/// Source: Puffin specification, "deletion-vector-v1"; "Roaring bitmap format specification", 32 and 64 bits.
package enum DeletionVector {
    private static let magic: [UInt8] = [0xD1, 0xD3, 0x39, 0x64]

    /// - Errors: `ICE-110` for whatever is not exactly such a vector.
    package static func decode(_ blob: [UInt8]) throws(IcebergError) -> PositionSet {
        guard blob.count >= 20 else { throw malformed("it is too short") }
        let length = blob[0..<4].reduce(0) { $0 << 8 | Int($1) }
        guard length == blob.count - 8 else { throw malformed("its length is not that of the blob") }
        guard blob[4..<8].elementsEqual(magic) else { throw malformed("it begins with another magic") }
        let body = blob.span.extracting(4..<(blob.count - 4))
        let checksum = blob.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard CRC.crc32.checksum(body) == checksum else { throw malformed("its checksum is wrong") }
        var cursor = Cursor(bytes: blob, position: 8, end: blob.count - 4)
        let bitmaps = try cursor.number(8)
        var set = PositionSet()
        var last: Int64 = -1
        // A bitmap takes at least its key and cookie: a false count ends with the bytes.
        for _ in 0..<bitmaps {
            let key = Int64(try cursor.number(4))
            guard key > last, key < 1 << 31 else { throw malformed("its keys do not ascend") }
            last = key
            try cursor.bitmap(key: key, into: &set)
        }
        guard cursor.position == cursor.end else { throw malformed("bytes follow its last bitmap") }
        return set
    }

    fileprivate static func malformed(_ why: String) -> IcebergError {
        IcebergError(.malformedDeletionVector, "a deletion vector cannot be read", ["because": why])
    }
}

private struct Cursor {
    let bytes: [UInt8]
    var position: Int
    let end: Int

    private static let plainCookie: UInt64 = 12_346
    private static let runCookie: UInt64 = 12_347
    /// With runs, smaller bitmaps leave out the offsets.
    private static let offsetThreshold = 4

    mutating func number(_ width: Int) throws(IcebergError) -> UInt64 {
        guard end - position >= width else { throw DeletionVector.malformed("it ends early") }
        var number: UInt64 = 0
        for index in 0..<width { number |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += width
        return number
    }

    private mutating func skip(_ count: Int) throws(IcebergError) {
        guard end - position >= count else { throw DeletionVector.malformed("it ends early") }
        position += count
    }

    private mutating func halves(_ count: Int) throws(IcebergError) -> [UInt16] {
        let start = position
        try skip(count * 2)
        return (0..<count).map { UInt16(bytes[start + $0 * 2]) | UInt16(bytes[start + $0 * 2 + 1]) << 8 }
    }

    /// One bitmap of 32-bit positions, whose upper half is `key`.
    mutating func bitmap(key: Int64, into set: inout PositionSet) throws(IcebergError) {
        let cookie = try number(4)
        let size: Int
        var runFlags: Range<Int>?
        if cookie == Self.plainCookie {
            size = Int(try number(4))
        } else {
            guard cookie & 0xFFFF == Self.runCookie else {
                throw DeletionVector.malformed("a bitmap has an unknown cookie")
            }
            size = Int(cookie >> 16) + 1
            runFlags = position..<(position + (size + 7) / 8)
            try skip((size + 7) / 8)
        }
        guard size <= 65_536 else { throw DeletionVector.malformed("a bitmap has too many containers") }
        let header = try halves(size * 2)
        if runFlags == nil || size >= Self.offsetThreshold { try skip(size * 4) }
        for index in 0..<size {
            let low = header[index * 2]
            if index > 0, low <= header[index * 2 - 2] {
                throw DeletionVector.malformed("its keys do not ascend")
            }
            let isRun =
                runFlags.map { bytes[$0.lowerBound + index / 8] >> UInt8(index % 8) & 1 == 1 } ?? false
            let cardinality = Int(header[index * 2 + 1]) + 1
            let container = isRun ? try runs(cardinality) : try plain(cardinality)
            set.append(key << 16 | Int64(low), container, count: cardinality)
        }
    }

    private mutating func plain(_ cardinality: Int) throws(IcebergError) -> PositionSet.Container {
        if cardinality <= 4096 {
            let lows = try halves(cardinality)
            guard zip(lows, lows.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw DeletionVector.malformed("positions do not ascend")
            }
            return .array(lows)
        }
        var words: [UInt64] = []
        words.reserveCapacity(1024)
        for _ in 0..<1024 { words.append(try number(8)) }
        guard words.reduce(0, { $0 + $1.nonzeroBitCount }) == cardinality else {
            throw DeletionVector.malformed("a container has another number of positions than it says")
        }
        return .bits(words)
    }

    private mutating func runs(_ cardinality: Int) throws(IcebergError) -> PositionSet.Container {
        let count = Int(try number(2))
        let runs = try halves(count * 2)
        var next = 0
        var total = 0
        for index in 0..<count {
            let start = Int(runs[index * 2])
            let length = Int(runs[index * 2 + 1]) + 1
            guard start >= next, start + length <= 65_536 else {
                throw DeletionVector.malformed("runs overlap")
            }
            next = start + length
            total += length
        }
        guard total == cardinality else {
            throw DeletionVector.malformed("a container has another number of positions than it says")
        }
        return .runs(runs)
    }
}
