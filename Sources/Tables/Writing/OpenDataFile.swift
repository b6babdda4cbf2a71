import Blobs
import Columnar
import FileFormats
import Iceberg
import Kernels
import Scheduling

/// A data file that takes rows of one partition. Owned by one table writer.
final class OpenDataFile {
    let path: BlobPath
    private let partition: [Scalar]
    private let schema: Schema
    private let encoder: ParquetEncoder
    private let upload: any BlobUpload
    private let sorter: RunSorter?
    /// Rows of the run that is filling, when the table has a sort order.
    private var run: [Batch] = []
    private var runRows = 0
    private var runBytes = 0
    private var runCount = 0
    /// When the writer last gave it rows, in calls.
    var lastUse: UInt64 = 0 { didSet { if firstUse == 0 { firstUse = lastUse } } }
    private(set) var firstUse: UInt64 = 0

    init(
        path: BlobPath, partition: [Scalar], schema: Schema, layout: ParquetWriteOptions, sorter: RunSorter?,
        upload: any BlobUpload
    ) {
        self.path = path
        self.partition = partition
        self.schema = schema
        self.sorter = sorter
        self.upload = upload
        encoder = ParquetEncoder(schema: schema, options: layout)
    }

    var estimatedBytes: Int {
        let rows = encoder.rowCount
        // Waiting rows will take about what the others did.
        return encoder.estimatedFileSize + (rows > 0 ? encoder.estimatedFileSize / rows * runRows : 0)
    }
    var rowCount: Int { encoder.rowCount + runRows }
    /// Memory, about.
    var heldBytes: Int { runBytes + encoder.heldBytes }

    func write(_ batch: Batch, on workers: Workers) async throws {
        guard sorter != nil else { return try await encode([batch], on: workers) }
        // Strings of their own: a part of a batch would keep the whole batch's text alive until the run is full.
        let columns = batch.columns.map { $0.compacted() }
        run.append(Batch(schema: batch.schema, columns: columns, rowCount: batch.rowCount))
        runRows += batch.rowCount
        runBytes += columns.reduce(0) { $0 + $1.byteCount }
        if runRows >= RunSorter.runRows { try await endRun(on: workers) }
    }

    private func endRun(on workers: Workers) async throws {
        if runRows == 0 { return }
        let full = run
        run = []
        runRows = 0
        runBytes = 0
        runCount += 1
        try await encode(full, on: workers)
    }

    private func encode(_ batches: [Batch], on workers: Workers) async throws {
        let (encoder, sorter, schema) = (encoder, sorter, schema)
        let bytes = try await workers.run {
            if let sorter { return try encoder.encode(sorter.sorted(batches, schema: schema)) }
            return try batches.flatMap { try encoder.encode($0) }
        }
        if !bytes.isEmpty { try await upload.append(bytes) }
    }

    func finish(specID: Int, on workers: Workers) async throws -> DataFile {
        try await endRun(on: workers)
        let encoder = self.encoder
        let (bytes, result) = try await workers.run { try encoder.finish() }
        try await upload.append(bytes)
        _ = try await upload.complete(if: .ifAbsent)
        var file = DataFileMetrics(schema: schema).dataFile(
            path: path.uri, specID: specID, partition: partition, result)
        // Zero is the unsorted order.
        file.sortOrderID = runCount == 1 ? sorter?.orderID ?? 0 : 0
        return file
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
