import Blobs
import Columnar
import FileFormats
import Iceberg
import Scheduling

/// A data file that takes rows of one partition. Owned by one table writer.
final class OpenDataFile {
    let path: BlobPath
    private let partition: [Scalar]
    private let schema: Schema
    private let encoder: ParquetEncoder
    private let upload: any BlobUpload
    /// When the writer last gave it rows, in calls.
    var lastUse: UInt64 = 0 { didSet { if firstUse == 0 { firstUse = lastUse } } }
    private(set) var firstUse: UInt64 = 0

    init(path: BlobPath, partition: [Scalar], schema: Schema, upload: any BlobUpload) {
        self.path = path
        self.partition = partition
        self.schema = schema
        self.upload = upload
        encoder = ParquetEncoder(schema: schema)
    }

    var estimatedBytes: Int { encoder.estimatedFileSize }
    var rowCount: Int { encoder.rowCount }

    func write(_ batch: Batch, pool: MorselPool?, priority: WorkPriority) async throws {
        let encoder = self.encoder
        let bytes =
            if let pool {
                try await pool.run(priority: priority) { try encoder.encode(batch) }
            } else {
                try encoder.encode(batch)
            }
        if !bytes.isEmpty { try await upload.append(bytes) }
    }

    func finish(specID: Int, pool: MorselPool?, priority: WorkPriority) async throws -> DataFile {
        let encoder = self.encoder
        let (bytes, result) =
            if let pool {
                try await pool.run(priority: priority) { try encoder.finish() }
            } else {
                try encoder.finish()
            }
        try await upload.append(bytes)
        _ = try await upload.complete(if: .ifAbsent)
        return DataFileMetrics(schema: schema).dataFile(
            path: path.uri, specID: specID, partition: partition, result)
    }

    func abort() async { await upload.abort() }
}

/// Turns what a Parquet writer counted into what manifests say.
struct DataFileMetrics {
    private let types: [Int: DataType]

    init(schema: Schema) {
        types = IcebergSchema(fields: schema.fields).allFields.reduce(into: [:]) { types, place in
            // Bounds of what lies in lists and maps prune nothing.
            if let id = place.field.id, !place.isRepeated { types[id] = place.field.type }
        }
    }

    func dataFile(path: String, specID: Int, partition: [Scalar], _ result: ParquetWriteResult) -> DataFile {
        var file = DataFile(
            path: path, specID: specID, partition: partition, recordCount: Int64(result.rowCount),
            fileSize: Int64(result.fileSize))
        file.splitOffsets = result.splitOffsets
        // Rows lie in the order they came; the unsorted order says so.
        file.sortOrderID = 0
        let columns = result.columnMetrics
        file.columnSizes = columns.mapValues { Int64($0.byteCount) }
        file.valueCounts = columns.mapValues { Int64($0.valueCount) }
        file.nullCounts = columns.mapValues { Int64($0.nullCount) }
        file.nanCounts = columns.compactMapValues { $0.nanCount.map { Int64($0) } }
        file.lowerBounds = bounds(columns) { $0.lower.map { BoundTruncation.lower($0) } }
        file.upperBounds = bounds(columns) { $0.upper.flatMap { BoundTruncation.upper($0) } }
        return file
    }

    private func bounds(
        _ columns: [Int: ParquetColumnMetrics], _ bound: (ParquetColumnMetrics) -> Scalar?
    ) -> [Int: [UInt8]] {
        var result: [Int: [UInt8]] = [:]
        for (id, metrics) in columns {
            guard let type = types[id], let value = bound(metrics) else { continue }
            result[id] = SingleValue.encode(value, type)
        }
        return result
    }
}
