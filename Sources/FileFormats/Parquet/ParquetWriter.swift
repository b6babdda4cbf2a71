package import Blobs
package import Columnar

/// Writes batches as one Parquet file into an upload.
///
/// Encoding runs on the caller's thread; hand the work of large batches to a pool, or use `ParquetEncoder` there.
/// The upload is neither completed nor aborted here: its owner decides.
///
/// - Threads: one caller at a time.
package final class ParquetWriter: Sendable {
    private let encoder: ParquetEncoder
    private let upload: any BlobUpload

    package init(
        schema: Schema, options: ParquetWriteOptions = ParquetWriteOptions(), upload: any BlobUpload
    ) {
        encoder = ParquetEncoder(schema: schema, options: options)
        self.upload = upload
    }

    /// See `ParquetEncoder.estimatedFileSize`.
    package var estimatedFileSize: Int { encoder.estimatedFileSize }
    package var rowCount: Int { encoder.rowCount }

    package func write(_ batch: Batch) async throws {
        let bytes = try encoder.encode(batch)
        if !bytes.isEmpty { try await upload.append(bytes) }
    }

    /// Appends the footer. No `write` may follow.
    package func finish() async throws -> ParquetWriteResult {
        let (bytes, result) = try encoder.finish()
        try await upload.append(bytes)
        return result
    }
}
