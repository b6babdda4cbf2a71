import JSONText

/// Reads an Avro object container file that lies in memory.
///
///     magic "Obj" 1 | metadata map | sync marker | blocks: (count, size, records, sync marker) …
///
/// Records are handed out as a cursor: the caller walks the writer's schema, takes the fields it knows by Iceberg's ids
/// and skips the rest.
package struct AvroReader: Sendable {
    /// Blocks that unfold to more are refused. Usual writers flush at 64 KiB, some write a list of manifests as one.
    package static let blockLimit = 64 << 20
    private static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 0x01]

    package let schema: AvroSchema
    /// The file's metadata, `avro.schema` and the like among it.
    package let metadata: [String: [UInt8]]
    private let bytes: [UInt8]
    private let codec: Codec?
    private let sync: [UInt8]
    private let firstBlock: Int

    /// - Errors: `FMT-201` for what is no Avro file, `FMT-202` for a codec this build does not have.
    package init(_ bytes: [UInt8]) throws(FileFormatsError) {
        guard bytes.starts(with: Self.magic) else {
            throw FileFormatsError(
                .corruptFile, "the file does not begin as an Avro file", ["bytes": bytes.count])
        }
        var cursor = AvroCursor(bytes)
        _ = try cursor.fixed(4)
        var metadata: [String: [UInt8]] = [:]
        try cursor.forEachElement { (cursor) throws(FileFormatsError) in
            let name = try cursor.string()
            metadata[name] = try cursor.lengthPrefixed()
        }
        sync = try cursor.fixed(16)
        firstBlock = bytes.count - cursor.remaining
        guard let text = metadata["avro.schema"] else {
            throw FileFormatsError(.corruptFile, "the Avro file has no schema")
        }
        do {
            schema = try AvroSchemaParser.parse(JSONParser.parse(text))
        } catch let fault as FileFormatsError {
            throw fault
        } catch {
            throw FileFormatsError(.corruptFile, "the Avro schema is no JSON", cause: error)
        }
        codec = try Self.codec(metadata["avro.codec"])
        self.metadata = metadata
        self.bytes = bytes
    }

    private static func codec(_ name: [UInt8]?) throws(FileFormatsError) -> Codec? {
        switch name.map({ String(decoding: $0, as: UTF8.self) }) {
        case nil, "null": return nil
        case "deflate": return .deflate
        case "zstandard": return .zstd
        case let other?:
            throw FileFormatsError(
                .unsupportedFile, "the Avro file is compressed in a way this version does not read",
                ["codec": other])
        }
    }

    package func text(_ name: String) -> String? {
        metadata[name].map { String(decoding: $0, as: UTF8.self) }
    }

    /// Calls `body` for each record; it must read the whole record.
    ///
    /// - Parameter reserve: Hears how many bytes the blocks unfold to, those before among them, before the next one does, and
    ///   refuses by throwing: what is made of the records takes about as much.
    /// - Errors: `FMT-201`, and what `body` and `reserve` throw.
    package func forEachRecord<Failure: Error>(
        reserve: (_ bytes: Int) throws -> Void = { _ in }, _ body: (inout AvroCursor) throws(Failure) -> Void
    ) throws {
        var file = AvroCursor(bytes)
        _ = try file.fixed(firstBlock)
        var unfolded = 0
        while !file.isAtEnd {
            let count = try file.long()
            let size = try file.long()
            guard count >= 0, size >= 0, size <= Int64(file.remaining) else {
                throw FileFormatsError(.corruptFile, "an Avro block is longer than the file", ["size": size])
            }
            var block = try file.fixed(Int(size))
            if let codec {
                block = try codec.decompress(block, limit: Self.blockLimit) { try reserve(unfolded + $0) }
            }
            unfolded += block.count
            guard count <= Int64(block.count) else {
                throw FileFormatsError(
                    .corruptFile, "an Avro block has more records than bytes", ["records": count])
            }
            var cursor = AvroCursor(block)
            for _ in 0..<count { try body(&cursor) }
            guard cursor.isAtEnd, try file.fixed(16) == sync else {
                throw FileFormatsError(.corruptFile, "an Avro block does not end where it should")
            }
        }
    }
}
