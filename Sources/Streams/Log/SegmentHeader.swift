import Effects
import Octets

/// The first 64 bytes of a segment file; integers are little-endian. Durable before the first record is written.
///
///      0 "FIRNSLOG"                    32 u64 first record number
///      8 u16 version, u16 header size  40 u64 first event number
///     12 u32 CRC-32C of bytes 16..<64  48 i64 created at, microseconds
///     16 stream id                     56 u64 zero
struct SegmentHeader: Equatable {
    static let byteCount = 64
    static let version: UInt16 = 1
    private static let magic = Array("FIRNSLOG".utf8)

    var streamID: UniqueID
    var firstRecord: Int64
    var firstEvent: Int64
    var createdAt: Instant

    /// What a file's first bytes say.
    enum Reading: Equatable {
        case header(SegmentHeader)
        case newerVersion(UInt16)
        case damaged
    }

    static func read(_ bytes: Span<UInt8>) -> Reading {
        guard bytes.count >= byteCount else { return .damaged }
        for (index, byte) in magic.enumerated() where bytes[index] != byte { return .damaged }
        let foundVersion = bytes.littleEndian(at: 8, as: UInt16.self)
        guard foundVersion <= version else { return .newerVersion(foundVersion) }
        let header = SegmentHeader(
            streamID: UniqueID(
                high: bytes.littleEndian(at: 16, as: UInt64.self),
                low: bytes.littleEndian(at: 24, as: UInt64.self)),
            firstRecord: bytes.littleEndian(at: 32, as: Int64.self),
            firstEvent: bytes.littleEndian(at: 40, as: Int64.self),
            createdAt: Instant(microseconds: bytes.littleEndian(at: 48, as: Int64.self)))
        guard foundVersion == version, bytes.littleEndian(at: 10, as: UInt16.self) == UInt16(byteCount),
            header.firstRecord >= 0, header.firstEvent >= 0,
            bytes.littleEndian(at: 12, as: UInt32.self) == CRC32C.checksum(bytes.extracting(16..<byteCount))
        else { return .damaged }
        return .header(header)
    }

    var bytes: [UInt8] {
        var tail: [UInt8] = []
        tail.appendLittleEndian(streamID.high)
        tail.appendLittleEndian(streamID.low)
        tail.appendLittleEndian(firstRecord)
        tail.appendLittleEndian(firstEvent)
        tail.appendLittleEndian(createdAt.microseconds)
        tail.appendLittleEndian(UInt64(0))
        var result = Self.magic
        result.appendLittleEndian(Self.version)
        result.appendLittleEndian(UInt16(Self.byteCount))
        result.appendLittleEndian(CRC32C.checksum(tail.span))
        return result + tail
    }

    /// `00000000000000000042.log`: names sort as record numbers do.
    static func fileName(firstRecord: Int64) -> String {
        let digits = String(firstRecord)
        return String(repeating: "0", count: 20 - digits.count) + digits + ".log"
    }

    /// Nil for files that are not segments.
    static func firstRecord(ofFileNamed name: String) -> Int64? {
        guard name.utf8.count == 24, name.hasSuffix(".log") else { return nil }
        return Int64(name.dropLast(4))
    }
}
