import Octets

/// The first 40 bytes of a segment or a checkpoint.
///
///     magic 8 | version 4 | checksum 4 | number 8 | salt 8 | first sequence 8        all little-endian
///
/// The salt goes into every frame's checksum: bytes of an object that look like frames are none.
struct JournalHeader: Sendable, Equatable {
    enum Kind: String {
        case segment = "FRNJRNL1"
        case checkpoint = "FRNCHKP1"
    }

    static let byteCount = 40
    /// 2 has encrypted objects; everything else is as in 1.
    static let version: UInt32 = 2

    var kind: Kind
    var version = Self.version
    /// A segment's own number; for a checkpoint, the first segment that is not in it.
    var number: UInt64
    var salt: UInt64
    var firstSequence: UInt64

    var encoded: [UInt8] {
        var bytes = Array(kind.rawValue.utf8)
        LittleEndian.append(version, to: &bytes)
        LittleEndian.append(0 as UInt32, to: &bytes)
        for value in [number, salt, firstSequence] { LittleEndian.append(value, to: &bytes) }
        let checksum = CRC32C.checksum(bytes.span)
        for index in 0..<4 { bytes[12 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
        return bytes
    }

    /// Nil when the bytes are no header of this kind. - Errors: `BKT-202`.
    init?(_ bytes: [UInt8], kind: Kind) throws(BucketsError) {
        guard bytes.count >= Self.byteCount, Array(bytes[..<8]) == Array(kind.rawValue.utf8) else {
            return nil
        }
        let version: UInt32 = LittleEndian.read(bytes, at: 8)
        let checksum: UInt32 = LittleEndian.read(bytes, at: 12)
        var blank = Array(bytes[..<Self.byteCount])
        for index in 12..<16 { blank[index] = 0 }
        guard CRC32C.checksum(blank.span) == checksum else { return nil }
        guard version <= Self.version else {
            throw BucketsError(
                .versionTooNew, "the object store was written by a newer version",
                ["version": version, "known": Self.version], hint: "start the newer version of Firn")
        }
        self.init(
            kind: kind, number: LittleEndian.read(bytes, at: 16), salt: LittleEndian.read(bytes, at: 24),
            firstSequence: LittleEndian.read(bytes, at: 32))
        self.version = version
    }

    init(kind: Kind, number: UInt64, salt: UInt64, firstSequence: UInt64) {
        self.kind = kind
        self.number = number
        self.salt = salt
        self.firstSequence = firstSequence
    }
}

/// Fixed-width integers, lowest byte first.
enum LittleEndian {
    static func append<Value: FixedWidthInteger>(_ value: Value, to bytes: inout [UInt8]) {
        var rest = value
        for _ in 0..<(Value.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    static func read<Value: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int) -> Value {
        var value: Value = 0
        for index in stride(from: Value.bitWidth / 8 - 1, through: 0, by: -1) {
            value = value << 8 | Value(truncatingIfNeeded: bytes[offset + index])
        }
        return value
    }
}
