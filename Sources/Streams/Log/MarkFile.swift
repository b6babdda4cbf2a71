import Effects
import Faults
import Octets

/// A checkpoint of the marks of all records before `end`; what comes after is in the segments themselves.
///
///      0 "FIRNMARK"              32 u64 end: the first record it does not cover
///      8 u16 version, u16 zero   40 u32 count, u32 zero
///     12 u32 CRC-32C of the rest 48 count times 64 bytes:
///     16 stream id               16 id, u64 record, u64 sequence (all ones for a key), i64 received at,
///                                u32 event count, u32 body length, u32 body CRC-32C, u32 zero,
///                                u64 the producer's first sequence (all ones for a key)
///
/// Records from `end` on are told only of producers, for their first sequence. Version 1 had no first sequence, and
/// entries of 56 bytes: nothing below the last one is then known to be kept.
///
/// Files are named by generation. A new one is durable, with its name, before the one before is removed: of two files
/// the newer may be torn, a single one only if it is the first ever written.
struct MarkFile: Equatable {
    static let version: UInt16 = 2
    static let headerBytes = 48
    static let entryBytes = 64
    private static let oldEntryBytes = 56
    private static let magic = Array("FIRNMARK".utf8)

    var streamID: UniqueID
    var generation: Int64
    var end: Int64
    var marked: [MarkedRecord]

    var bytes: [UInt8] {
        var rest: [UInt8] = []
        rest.reserveCapacity(Self.headerBytes + marked.count * Self.entryBytes)
        rest.appendLittleEndian(streamID.high)
        rest.appendLittleEndian(streamID.low)
        rest.appendLittleEndian(end)
        rest.appendLittleEndian(UInt32(marked.count))
        rest.appendLittleEndian(UInt32(0))
        for entry in marked {
            rest.appendLittleEndian(entry.mark.id.high)
            rest.appendLittleEndian(entry.mark.id.low)
            rest.appendLittleEndian(entry.record)
            rest.appendLittleEndian(entry.mark.sequence.map { UInt64(bitPattern: $0) } ?? .max)
            rest.appendLittleEndian(entry.receivedAt.microseconds)
            rest.appendLittleEndian(UInt32(entry.eventCount))
            rest.appendLittleEndian(UInt32(entry.bodyLength))
            rest.appendLittleEndian(entry.bodyChecksum)
            rest.appendLittleEndian(UInt32(0))
            let first = entry.mark.sequence.map { entry.firstNumber ?? $0 }
            rest.appendLittleEndian(first.map { UInt64(bitPattern: $0) } ?? .max)
        }
        var result = Self.magic
        result.appendLittleEndian(Self.version)
        result.appendLittleEndian(UInt16(0))
        result.appendLittleEndian(CRC32C.checksum(rest.span))
        return result + rest
    }

    /// Nil when the bytes are torn or damaged.
    ///
    /// - Errors: `newerVersion`.
    static func read(
        _ bytes: Span<UInt8>, generation: Int64, streamID: UniqueID, path: String
    ) throws(StreamsError) -> MarkFile? {
        guard bytes.count >= headerBytes else { return nil }
        for (index, byte) in magic.enumerated() where bytes[index] != byte { return nil }
        guard bytes.littleEndian(at: 12, as: UInt32.self) == CRC32C.checksum(bytes.extracting(16...)) else {
            return nil
        }
        let found = bytes.littleEndian(at: 8, as: UInt16.self)
        guard found <= version else {
            throw StreamsError(
                .newerVersion, "a newer build wrote the index of requests",
                [serverFile: path, "version": found, "known": version])
        }
        let owner = UniqueID(
            high: bytes.littleEndian(at: 16, as: UInt64.self),
            low: bytes.littleEndian(at: 24, as: UInt64.self))
        let end = bytes.littleEndian(at: 32, as: Int64.self)
        let count = Int(bytes.littleEndian(at: 40, as: UInt32.self))
        let size = found < 2 ? oldEntryBytes : entryBytes
        guard owner == streamID, end >= 0, bytes.count == headerBytes + count * size else { return nil }
        let marked = (0..<count).map { entry(bytes, at: headerBytes + $0 * size, hasFirst: found >= 2) }
        guard
            marked.allSatisfy({ $0.record >= 0 && ($0.record < end || ($0.firstNumber != nil && found >= 2)) }
            )
        else { return nil }
        return MarkFile(streamID: streamID, generation: generation, end: end, marked: marked)
    }

    private static func entry(_ bytes: Span<UInt8>, at start: Int, hasFirst: Bool) -> MarkedRecord {
        let id = UniqueID(
            high: bytes.littleEndian(at: start, as: UInt64.self),
            low: bytes.littleEndian(at: start + 8, as: UInt64.self))
        let sequence = bytes.littleEndian(at: start + 24, as: UInt64.self)
        let first = hasFirst ? bytes.littleEndian(at: start + 56, as: UInt64.self) : sequence
        return MarkedRecord(
            mark: sequence == .max ? .key(id) : .sequence(producer: id, number: Int64(bitPattern: sequence)),
            firstNumber: sequence == .max ? nil : Int64(bitPattern: first),
            record: bytes.littleEndian(at: start + 16, as: Int64.self),
            eventCount: Int(bytes.littleEndian(at: start + 40, as: UInt32.self)),
            bodyLength: Int(bytes.littleEndian(at: start + 44, as: UInt32.self)),
            bodyChecksum: bytes.littleEndian(at: start + 48, as: UInt32.self),
            receivedAt: Instant(microseconds: bytes.littleEndian(at: start + 32, as: Int64.self)))
    }

    /// `00000000000000000003.marks`
    static func fileName(generation: Int64) -> String {
        let digits = String(generation)
        return String(repeating: "0", count: 20 - digits.count) + digits + ".marks"
    }

    /// Nil for other files.
    static func generation(ofFileNamed name: String) -> Int64? {
        guard name.utf8.count == 26, name.hasSuffix(".marks") else { return nil }
        return Int64(name.dropLast(6))
    }
}
