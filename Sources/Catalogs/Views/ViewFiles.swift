import Blobs
import Iceberg
import JSONText

/// Reads and writes the metadata files of views. They are small and seldom read, so nothing is kept in memory.
struct ViewFiles: Sendable {
    let store: any BlobStore
    let limitBytes: Int

    /// - Errors: `CAT-401` when the file is missing or is no view metadata; what the store throws otherwise.
    func load(_ location: String) async throws -> ViewMetadata {
        do {
            let reader = try await store.open(try path(location))
            guard reader.info.size <= Int64(limitBytes) else { throw tooLarge(reader.info.size) }
            let bytes = try await reader.read([0..<reader.info.size])[0]
            return try ViewMetadata(json: JSONParser.parse(bytes))
        } catch let error as BlobsError where error.code == .notFound {
            throw unreadable(location, error)
        } catch let error as JSONError {
            throw unreadable(location, error)
        } catch let error as IcebergError {
            throw unreadable(location, error)
        }
    }

    /// Durable on return. When it fails the file may be there all the same: delete it.
    func write(_ metadata: ViewMetadata, to location: String) async throws {
        let bytes = metadata.json.serialized()
        guard bytes.count <= limitBytes else { throw tooLarge(Int64(bytes.count)) }
        _ = try await store.put(try path(location), bytes, if: .ifAbsent)
    }

    private func path(_ location: String) throws(CatalogError) -> BlobPath {
        if let path = BlobPath(uri: location) { return path }
        throw CatalogError(
            .corrupt, "a metadata location is no s3:// URI", ["metadata-location": location])
    }

    private func tooLarge(_ bytes: Int64) -> CatalogError {
        CatalogError(
            .limitExceeded, "the view's metadata is too large", ["bytes": bytes, "most": limitBytes])
    }

    private func unreadable(_ location: String, _ cause: any Error) -> CatalogError {
        CatalogError(
            .corrupt, "a view's metadata file cannot be read",
            ["metadata-location": location, "reason": "\(cause)"], cause: cause)
    }
}
