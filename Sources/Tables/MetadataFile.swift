package import Blobs
import FileFormats
package import Iceberg
import JSONText
package import Scheduling

/// Reads and writes the JSON files that hold a table's metadata.
package enum MetadataFile {
    /// Larger files are refused. A table with 100,000 snapshots has about 50 MB.
    package static let byteLimit = 512 << 20

    /// Reads plain and gzip-compressed metadata; the bytes tell which, not the name.
    ///
    /// - Errors: `TAB-101` with the cause.
    package static func parse(_ bytes: [UInt8], path: String) throws(TablesError) -> TableMetadata {
        do {
            let isCompressed = bytes.starts(with: [0x1F, 0x8B])
            let text = isCompressed ? try Codec.gzip.decompress(bytes, limit: byteLimit) : bytes
            return try TableMetadata(json: JSONParser.parse(text))
        } catch {
            throw TablesError(
                .metadataUnreadable, "a table's metadata cannot be read", ["path": path], cause: error)
        }
    }

    /// Whether the table asks for its metadata files to be compressed. Their names say so, for readers that go by them.
    package static func isCompressed(_ metadata: TableMetadata) -> Bool {
        metadata.properties["write.metadata.compression-codec"]?.lowercased() == "gzip"
    }

    package static func compress(_ text: [UInt8]) throws(TablesError) -> [UInt8] {
        do {
            return try Codec.gzip.compress(text, level: 6)
        } catch {
            throw TablesError(
                .metadataUnreadable, "a table's metadata cannot be compressed", ["bytes": text.count],
                cause: error)
        }
    }

    /// Large metadata is parsed on `pool` where there is one.
    ///
    /// - Errors: `TAB-101`; the store's own for anything but a missing file.
    package static func read(
        _ location: String, store: any BlobStore, caches: TableCaches? = nil,
        pool: (MorselPool, WorkPriority)? = nil
    ) async throws -> TableMetadata {
        guard let path = BlobPath(uri: location) else {
            throw TablesError(.metadataUnreadable, "a metadata location is no s3:// URI", ["path": location])
        }
        do {
            let reader = try await store.open(path)
            let key = TableCaches.Key(path, reader.info)
            if let known = caches?.metadata.find(key) { return known }
            guard reader.info.size <= Int64(byteLimit) else {
                throw TablesError(
                    .metadataUnreadable, "the metadata file is too large",
                    ["path": location, "bytes": reader.info.size, "limit": byteLimit])
            }
            let bytes = try await reader.read([0..<reader.info.size])[0]
            let metadata = try await Workers(pool).run(size: bytes.count) {
                try parse(bytes, path: location)
            }
            caches?.metadata.insert(metadata, for: key, cost: bytes.count * TableCaches.growth)
            return metadata
        } catch let error as BlobsError where error.code == .notFound {
            throw TablesError(
                .metadataUnreadable, "a table's metadata file is missing", ["path": location], cause: error)
        }
    }

    /// Durable on return; refuses to overwrite.
    package static func write(_ metadata: TableMetadata, to location: String, store: any BlobStore)
        async throws
    {
        let path = try TableLocation(metadata.location).blob(location)
        _ = try await store.put(path, metadata.json.serialized(), if: .ifAbsent)
    }
}
