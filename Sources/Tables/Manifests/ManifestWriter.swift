package import Columnar
package import FileFormats
package import Iceberg
import JSONText

/// Writes one manifest: files of one partition spec that one snapshot added or kept.
package struct ManifestWriter {
    private let spec: PartitionSpec
    private let types: [DataType]
    private let formatVersion: Int
    private let snapshotID: Int64
    private let content: ManifestFile.Content
    private var avro: AvroWriter
    private var summaries: PartitionSummaryBuilder
    private var files = ManifestFile.Counts()
    private var rows = ManifestFile.Counts()
    private var minimumSequenceNumber: Int64?

    /// `sync`: 16 random bytes. `partitions` are those of files that will be written: they tell the types of columns that
    /// are in no schema any more.
    package init(
        metadata: TableMetadata, spec: PartitionSpec, snapshotID: Int64, sync: [UInt8],
        content: ManifestFile.Content = .data,
        partitions: some Sequence<[Scalar]> = EmptyCollection<[Scalar]>()
    ) {
        self.spec = spec
        self.content = content
        self.snapshotID = snapshotID
        formatVersion = metadata.formatVersion
        let schema = metadata.currentSchema
        types = OrphanedPartition.types(metadata.partitionTypes(of: spec), from: partitions)
        summaries = PartitionSummaryBuilder(types: types)
        let record = ManifestSchemas.entry(
            partition: ManifestSchemas.partition(spec, types: types), formatVersion: formatVersion)
        avro = AvroWriter(
            schema: record,
            metadata: [
                (name: "schema", value: schema.json.description),
                (name: "schema-id", value: "\(schema.schemaID)"),
                (name: "partition-spec", value: JSONValue.array(spec.fields.map(\.json)).description),
                (name: "partition-spec-id", value: "\(spec.specID)"),
                (name: "format-version", value: "\(formatVersion)"),
                (name: "content", value: content == .data ? "data" : "deletes"),
            ], compression: .deflate, sync: sync)
    }

    package var fileCount: Int64 { files.added + files.existing + files.deleted }

    /// - Errors: `FMT-201` for an entry of another spec, as a damaged manifest may have, or with a value of another type.
    package mutating func append(_ entry: ManifestEntry) throws(FileFormatsError) {
        guard entry.file.partition.count == types.count else {
            throw FileFormatsError(
                .corruptFile, "a file's partition has another number of values than its spec",
                ["file": entry.file.path, "values": entry.file.partition.count, "fields": types.count])
        }
        for (value, type) in zip(entry.file.partition, types) where !value.isPartition(of: type) {
            throw FileFormatsError(
                .corruptFile, "a file's partition has a value of another type than its spec",
                ["file": entry.file.path, "spec-id": spec.specID, "type": type])
        }
        count(entry)
        summaries.add(entry.file.partition)
        let (types, version) = (types, formatVersion)
        try avro.append { encoder in
            encoder.long(Int64(entry.status.rawValue))
            encoder.optional(entry.snapshotID) { $0.long($1) }
            encoder.optional(entry.sequenceNumber) { $0.long($1) }
            encoder.optional(entry.fileSequenceNumber) { $0.long($1) }
            encoder.dataFile(entry.file, types: types, formatVersion: version)
        }
    }

    private mutating func count(_ entry: ManifestEntry) {
        switch entry.status {
        case .added:
            files.added += 1
            rows.added &+= entry.file.recordCount
        case .existing:
            files.existing += 1
            rows.existing &+= entry.file.recordCount
        case .deleted:
            files.deleted += 1
            rows.deleted &+= entry.file.recordCount
        }
        if entry.isLive, let number = entry.sequenceNumber {
            minimumSequenceNumber = min(number, minimumSequenceNumber ?? number)
        }
    }

    /// The bytes of the file and what the manifest list says of it. `sequenceNumber` is the snapshot's: entries without
    /// one inherit it.
    package consuming func finish(
        path: String, sequenceNumber: Int64
    ) throws(FileFormatsError) -> (bytes: [UInt8], manifest: ManifestFile) {
        var manifest = ManifestFile(path: path, length: 0, specID: spec.specID, addedSnapshotID: snapshotID)
        manifest.content = content
        manifest.sequenceNumber = sequenceNumber
        manifest.minimumSequenceNumber = min(minimumSequenceNumber ?? sequenceNumber, sequenceNumber)
        manifest.files = files
        manifest.rows = rows
        manifest.partitions = summaries.finish()
        let bytes = try avro.finish()
        manifest.length = Int64(bytes.count)
        return (bytes, manifest)
    }
}

extension AvroEncoder {
    fileprivate mutating func dataFile(_ file: DataFile, types: [DataType], formatVersion: Int) {
        long(Int64(file.content.rawValue))
        string(file.path)
        string(file.format)
        for (value, type) in zip(file.partition, types) { partition(value, type) }
        long(file.recordCount)
        long(file.fileSize)
        for counts in [file.columnSizes, file.valueCounts, file.nullCounts, file.nanCounts] {
            pairs(counts) { $0.long($1) }
        }
        for bounds in [file.lowerBounds, file.upperBounds] { pairs(bounds) { $0.bytesValue($1) } }
        optional(file.keyMetadata) { $0.bytesValue($1) }
        optional(file.splitOffsets) { encoder, offsets in encoder.array(offsets) { $0.long($1) } }
        optional(file.equalityIDs) { encoder, ids in encoder.array(ids) { $0.long(Int64($1)) } }
        optional(file.sortOrderID) { $0.long(Int64($1)) }
        if formatVersion > 2 { optional(file.firstRowID) { $0.long($1) } }
        optional(file.referencedDataFile) { $0.string($1) }
        if formatVersion > 2 {
            optional(file.contentOffset) { $0.long($1) }
            optional(file.contentSize) { $0.long($1) }
        }
    }

    private mutating func pairs<Value>(_ map: [Int: Value]?, _ write: (inout AvroEncoder, Value) -> Void) {
        optional(map) { encoder, map in
            encoder.array(map.sorted { $0.key < $1.key }) { encoder, pair in
                encoder.long(Int64(pair.key))
                write(&encoder, pair.value)
            }
        }
    }
}
