import Effects
import FileFormats
import Octets

/// The 80 bytes in front of each record's body; integers are little-endian.
///
///      0 u32 magic "FREC"            32 u32 event count
///      4 u32 CRC-32C of bytes 8..<80 36 u8  framing, u8 flags (1: was compressed), u16 zero
///      8 u32 body length             40 i64 received at, microseconds
///     12 u32 CRC-32C of the body     48 u64 where its group begins in this file
///     16 u64 record number           56 16 bytes id of the mark, zero for none
///     24 u64 first event number      72 u64 sequence number when flag 2 is set
///
/// The group's start tells a torn tail from damage: a group is written only after everything before it was durable.
struct RecordHeader: Equatable {
    static let byteCount = 80
    static let magic: UInt32 = 0x4345_5246

    var number: Int64
    var firstEvent: Int64
    var groupStart: Int
    var bodyLength: Int
    var bodyChecksum: UInt32
    var eventCount: Int
    var framing: EventFraming
    var wasCompressed: Bool
    var receivedAt: Instant
    var mark: RequestMark?

    init(_ append: LogAppend, number: Int64, firstEvent: Int64, groupStart: Int, bodyChecksum: UInt32) {
        self.number = number
        self.firstEvent = firstEvent
        self.groupStart = groupStart
        self.bodyChecksum = bodyChecksum
        bodyLength = append.body.count
        eventCount = append.eventCount
        framing = append.framing
        wasCompressed = append.wasCompressed
        receivedAt = append.receivedAt
        mark = append.mark
    }

    /// Nil unless the bytes at `position` are a whole header with its checksum and every field in its range.
    init?(_ bytes: Span<UInt8>, at position: Int) {
        guard position >= 0, bytes.count - position >= Self.byteCount else { return nil }
        func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
            bytes.littleEndian(at: position + offset, as: type)
        }
        guard field(0, as: UInt32.self) == Self.magic,
            field(4, as: UInt32.self)
                == CRC32C.checksum(bytes.extracting(position + 8..<position + Self.byteCount)),
            let framing = EventFraming(rawValue: bytes[position + 36])
        else { return nil }
        number = field(16, as: Int64.self)
        firstEvent = field(24, as: Int64.self)
        groupStart = Int(field(48, as: Int64.self))
        guard number >= 0, firstEvent >= 0, groupStart >= 0 else { return nil }
        bodyLength = Int(field(8, as: UInt32.self))
        bodyChecksum = field(12, as: UInt32.self)
        eventCount = Int(field(32, as: UInt32.self))
        self.framing = framing
        wasCompressed = bytes[position + 37] & 1 == 1
        receivedAt = Instant(microseconds: field(40, as: Int64.self))
        let key = UniqueID(high: field(56, as: UInt64.self), low: field(64, as: UInt64.self))
        if bytes[position + 37] & 2 == 2 {
            mark = .sequence(producer: key, number: field(72, as: Int64.self))
        } else {
            mark = key == UniqueID(high: 0, low: 0) ? nil : .key(key)
        }
    }

    func write(to buffer: inout [UInt8]) {
        let start = buffer.count
        buffer.appendLittleEndian(Self.magic)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(UInt32(bodyLength))
        buffer.appendLittleEndian(bodyChecksum)
        buffer.appendLittleEndian(number)
        buffer.appendLittleEndian(firstEvent)
        buffer.appendLittleEndian(UInt32(eventCount))
        buffer.append(framing.rawValue)
        buffer.append((wasCompressed ? 1 : 0) | (mark?.sequence == nil ? 0 : 2))
        buffer.appendLittleEndian(UInt16(0))
        buffer.appendLittleEndian(receivedAt.microseconds)
        buffer.appendLittleEndian(Int64(groupStart))
        buffer.appendLittleEndian(mark?.id.high ?? 0)
        buffer.appendLittleEndian(mark?.id.low ?? 0)
        buffer.appendLittleEndian(mark?.sequence ?? 0)
        let checksum = CRC32C.checksum(buffer.span.extracting(start + 8..<start + Self.byteCount))
        for index in 0..<4 {
            buffer[start + 4 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(index * 8))
        }
    }

    var marked: MarkedRecord? {
        mark.map {
            MarkedRecord(
                mark: $0, record: number, eventCount: eventCount, bodyLength: bodyLength,
                bodyChecksum: bodyChecksum, receivedAt: receivedAt)
        }
    }

    func record(body: [UInt8]) -> LogRecord {
        var append = LogAppend(
            body: body, eventCount: eventCount, framing: framing, receivedAt: receivedAt,
            wasCompressed: wasCompressed)
        append.mark = mark
        return LogRecord(number: number, firstEvent: firstEvent, append: append)
    }
}

extension [UInt8] {
    mutating func appendLittleEndian<Value: FixedWidthInteger>(_ value: Value) {
        var rest = value
        for _ in 0..<MemoryLayout<Value>.size {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}

extension Span<UInt8> {
    func littleEndian<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type) -> Value {
        var value: Value = 0
        for index in (0..<MemoryLayout<Value>.size).reversed() {
            value = value << 8 | Value(truncatingIfNeeded: self[offset + index])
        }
        return value
    }
}
