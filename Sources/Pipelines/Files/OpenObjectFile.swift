import Blobs
import Columnar
import FileFormats
import Scheduling

/// A file that takes rows. Owned by one `ObjectFiles`.
final class OpenObjectFile {
    private enum Encoder {
        case parquet(ParquetEncoder)
        case json(JSONLinesEncoder)
    }

    /// Rows are encoded about so many bytes at a time, or one row: constants are written out only then.
    private static let pieceBytes = 8 << 20

    private let upload: any BlobUpload
    private let encoder: Encoder
    private let pool: MorselPool
    /// When it last took rows, in calls.
    var lastUse = 0

    init(schema: Schema, format: SinkFormat, upload: any BlobUpload, pool: MorselPool) {
        self.upload = upload
        self.pool = pool
        encoder =
            switch format {
            case .parquet(let form): .parquet(ParquetEncoder(schema: schema, options: form.layout))
            case .json(let form):
                .json(
                    JSONLinesEncoder(
                        schema: schema, codec: form.codec, forms: form.forms,
                        isUnstructured: form.isUnstructured))
            }
    }

    /// Memory, about.
    var heldBytes: Int {
        switch encoder {
        case .parquet(let encoder): encoder.heldBytes
        case .json(let encoder): encoder.heldBytes
        }
    }

    var estimatedBytes: Int {
        switch encoder {
        case .parquet(let encoder): encoder.estimatedFileSize
        case .json(let encoder): encoder.estimatedFileSize
        }
    }

    func write(_ batch: Batch) async throws {
        for piece in batch.pieces(ofBytes: Self.pieceBytes) { try await writePiece(piece) }
    }

    private func writePiece(_ batch: Batch) async throws {
        let bytes: [UInt8]
        switch encoder {
        case .parquet(let encoder):
            bytes = try await pool.run(priority: .pipeline) { try encoder.encode(batch) }
        case .json(let encoder):
            bytes = try await pool.run(priority: .pipeline) { try encoder.encode(batch) }
        }
        if !bytes.isEmpty { try await upload.append(bytes) }
    }

    /// Durable and unseen on return.
    func seal() async throws -> SealedBlob {
        let bytes: [UInt8]
        switch encoder {
        case .parquet(let encoder):
            bytes = try await pool.run(priority: .pipeline) { try encoder.finish().bytes }
        case .json(let encoder):
            bytes = try await pool.run(priority: .pipeline) { try encoder.finish() }
        }
        if !bytes.isEmpty { try await upload.append(bytes) }
        return try await upload.seal()
    }

    func abort() async { await upload.abort() }
}
