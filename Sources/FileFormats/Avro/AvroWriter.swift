import JSONText
import Octets

/// Writes an Avro object container file into memory.
package struct AvroWriter {
    package enum Compression: Sendable {
        case none
        case deflate
        case zstd

        fileprivate var name: String {
            switch self {
            case .none: "null"
            case .deflate: "deflate"
            case .zstd: "zstandard"
            }
        }
        /// Manifests are small and written often: the quick end of the scale.
        fileprivate var codec: (codec: Codec, level: Int)? {
            switch self {
            case .none: nil
            case .deflate: (.deflate, 6)
            case .zstd: (.zstd, 3)
            }
        }
    }

    /// A block is closed when it holds this much.
    private static let blockBytes = 64 << 10

    private let compression: Compression
    private let sync: [UInt8]
    private var file = AvroEncoder()
    private var block = AvroEncoder()
    private var blockCount = 0

    /// `sync` separates blocks: 16 random bytes.
    package init(
        schema: AvroSchema, metadata: [(name: String, value: String)], compression: Compression, sync: [UInt8]
    ) {
        precondition(sync.count == 16)
        self.compression = compression
        self.sync = sync
        file.raw([0x4F, 0x62, 0x6A, 0x01])
        let members =
            metadata + [
                (name: "avro.schema", value: schema.json.description),
                (name: "avro.codec", value: compression.name),
            ]
        file.long(Int64(members.count))
        for member in members {
            file.string(member.name)
            file.string(member.value)
        }
        file.long(0)
        file.raw(sync)
    }

    /// Adds one record; `body` writes all its fields in the schema's order.
    package mutating func append(_ body: (inout AvroEncoder) -> Void) throws(FileFormatsError) {
        body(&block)
        blockCount += 1
        if block.bytes.count >= Self.blockBytes { try closeBlock() }
    }

    private mutating func closeBlock() throws(FileFormatsError) {
        if blockCount == 0 { return }
        var bytes = block.bytes
        if let (codec, level) = compression.codec { bytes = try codec.compress(bytes, level: level) }
        file.long(Int64(blockCount))
        file.bytesValue(bytes)
        file.raw(sync)
        block = AvroEncoder()
        blockCount = 0
    }

    /// The whole file.
    package consuming func finish() throws(FileFormatsError) -> [UInt8] {
        try closeBlock()
        return file.bytes
    }
}

/// Writes Avro's binary forms.
package struct AvroEncoder: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }
    package mutating func long(_ value: Int64) { Varint.appendZigZag(value, to: &bytes) }
    package mutating func boolean(_ value: Bool) { bytes.append(value ? 1 : 0) }

    package mutating func string(_ text: String) {
        long(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func bytesValue(_ value: [UInt8]) {
        long(Int64(value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func float(_ value: Float) { littleEndian(UInt64(value.bitPattern), 4) }
    package mutating func double(_ value: Double) { littleEndian(value.bitPattern, 8) }

    private mutating func littleEndian(_ value: UInt64, _ count: Int) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }

    /// Writes a union of null and a type: the branch number, then the value if there is one.
    package mutating func optional<Value>(_ value: Value?, _ write: (inout AvroEncoder, Value) -> Void) {
        guard let value else { return long(0) }
        long(1)
        write(&self, value)
    }

    package mutating func array<Element>(_ elements: [Element], _ write: (inout AvroEncoder, Element) -> Void)
    {
        if !elements.isEmpty {
            long(Int64(elements.count))
            for element in elements { write(&self, element) }
        }
        long(0)
    }
}
