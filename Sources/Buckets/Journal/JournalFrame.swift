import Octets

/// What one write and one sync make durable: a header, then records.
///
///     magic 4 | body bytes 4 | sequence 8 | body checksum 4 | header checksum 4 | body
///
/// A group is one frame, so at most one frame can be torn: the next is not begun before this one is durable. Anything
/// broken with a whole frame behind it is therefore damage.
enum JournalFrame {
    static let headerBytes = 24
    /// Larger than any group; a longer length is not believed.
    static let bodyLimit = 256 << 20
    private static let magic: [UInt8] = Array("FFRM".utf8)

    struct Header: Equatable {
        var bodyBytes: Int
        var sequence: UInt64
        var bodyChecksum: UInt32
    }

    static func encode(_ body: [UInt8], sequence: UInt64, salt: UInt64) -> [UInt8] {
        precondition(body.count <= bodyLimit)
        var bytes = magic
        bytes.reserveCapacity(headerBytes + body.count)
        LittleEndian.append(UInt32(body.count), to: &bytes)
        LittleEndian.append(sequence, to: &bytes)
        LittleEndian.append(CRC32C.checksum(body.span), to: &bytes)
        LittleEndian.append(headerChecksum(bytes, salt), to: &bytes)
        bytes += body
        return bytes
    }

    /// Nil when there is no header at `offset`.
    static func header(_ bytes: [UInt8], at offset: Int = 0, salt: UInt64) -> Header? {
        guard bytes.count - offset >= headerBytes, bytes[offset] == magic[0] else { return nil }
        let fixed = Array(bytes[offset..<offset + 20])
        let checksum: UInt32 = LittleEndian.read(bytes, at: offset + 20)
        guard Array(fixed[..<4]) == magic, headerChecksum(fixed, salt) == checksum else { return nil }
        let count: UInt32 = LittleEndian.read(fixed, at: 4)
        guard count <= UInt32(bodyLimit) else { return nil }
        return Header(
            bodyBytes: Int(count), sequence: LittleEndian.read(fixed, at: 8),
            bodyChecksum: LittleEndian.read(fixed, at: 16))
    }

    private static func headerChecksum(_ fixed: [UInt8], _ salt: UInt64) -> UInt32 {
        var salted = fixed
        LittleEndian.append(salt, to: &salted)
        return CRC32C.checksum(salted.span)
    }
}
