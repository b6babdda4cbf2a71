package import Blobs
import FileFormats
package import Iceberg
import JSONText

/// Reads and writes the JSON files that hold a table's metadata.
package enum MetadataFile {
    /// Larger files are refused, and those that unfold to more. A table with 100,000 snapshots has about 50 MB.
    package static let byteLimit = 128 << 20

    /// Parsed metadata takes several times the bytes of its text.
    package static let growth = TableCaches.growth

    /// Whether a file is compressed with gzip; the bytes tell, not the name.
    package static func isFolded(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The JSON in a file, of at most `limit` bytes. `reserve` hears how many they are before they are made, and refuses
    /// by throwing.
    ///
    /// - Errors: `TAB-101` with the cause; what `reserve` throws.
    package static func unfolded(
        _ bytes: [UInt8], path: String, limit: Int = byteLimit, reserve: (Int) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        guard isFolded(bytes) else {
            try reserve(bytes.count)
            return bytes
        }
        do {
            return try Codec.gzip.decompress(bytes, limit: limit, reserve: reserve)
        } catch let error as FileFormatsError {
            throw unreadable(path, error)
        }
    }

    /// Reads the JSON of metadata.
    ///
    /// - Errors: `TAB-101` with the cause.
    package static func parse(_ text: [UInt8], path: String) throws(TablesError) -> TableMetadata {
        do { return try TableMetadata(json: JSONParser.parse(text)) } catch { throw unreadable(path, error) }
    }

    private static func unreadable(_ path: String, _ cause: any Error) -> TablesError {
        TablesError(.metadataUnreadable, "a table's metadata cannot be read", ["path": path], cause: cause)
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

    /// Large metadata is parsed by `workers`.
    ///
    /// - Errors: `TAB-101`; the store's own for anything but a missing file.
    package static func read(
        _ location: String, store: any BlobStore, caches: TableCaches? = nil,
        workers: Workers = Workers(nil)
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
            let (metadata, textBytes) = try await workers.run(
                size: isFolded(bytes) ? byteLimit : bytes.count
            ) {
                let text = try unfolded(bytes, path: location)
                return (try parse(text, path: location), text.count)
            }
            caches?.metadata.insert(metadata, for: key, cost: textBytes * growth)
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
