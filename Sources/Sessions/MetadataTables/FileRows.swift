import Columnar
import Iceberg
import Kernels
import Planner
import Scheduling
import Tables

/// What the manifests of one snapshot say of its files.
struct FileRows {
    typealias Rows = (schema: Schema, rows: [[Scalar]])

    private let metadata: TableMetadata
    private let snapshot: Snapshot?
    private let files: TableFiles
    private let token: CancellationToken
    private let partition: PartitionColumn

    init(
        metadata: TableMetadata, snapshot: Snapshot?, engine: QueryEngine, token: CancellationToken
    ) throws {
        self.metadata = metadata
        self.snapshot = snapshot
        self.token = token
        files = try TableFiles(
            metadata: metadata, store: engine.store, caches: engine.tableCaches,
            workers: Workers((engine.morsels, .query)))
        partition = PartitionColumn(metadata)
    }

    /// The live entries of the snapshot.
    private func forEach(_ body: (ManifestEntry) throws -> Void) async throws {
        guard let snapshot else { return }
        var count = 0
        for manifest in try await files.manifests(of: snapshot) where manifest.mayHaveLiveFiles {
            try token.check()
            for entry in try await files.entries(of: manifest) where entry.isLive {
                count += 1
                guard count <= MetadataTable.rowLimit else {
                    throw SessionsError(
                        .tooManyFiles, "the snapshot has more files than can be listed",
                        ["limit": MetadataTable.rowLimit])
                }
                try body(entry)
            }
        }
    }

    func files(_ isWanted: (DataFile.Content) -> Bool) async throws -> Rows {
        let counts = Self.map(.long)
        let bounds = Self.map(.binary)
        var fields = [
            Field("content", .int, isRequired: true), Field("file_path", .string, isRequired: true),
            Field("file_format", .string, isRequired: true), Field("spec_id", .int, isRequired: true),
        ]
        if let type = partition.type { fields.append(Field("partition", type, isRequired: true)) }
        fields += [
            Field("record_count", .long, isRequired: true),
            Field("file_size_in_bytes", .long, isRequired: true), Field("column_sizes", counts),
            Field("value_counts", counts), Field("null_value_counts", counts),
            Field("nan_value_counts", counts), Field("lower_bounds", bounds), Field("upper_bounds", bounds),
            Field("key_metadata", .binary),
            Field("split_offsets", .list(Field("element", .long, isRequired: true))),
            Field("equality_ids", .list(Field("element", .int, isRequired: true))),
            Field("sort_order_id", .int),
        ]
        var rows: [[Scalar]] = []
        try await forEach { entry in
            guard isWanted(entry.file.content) else { return }
            rows.append(row(entry.file))
        }
        return (Schema(fields), rows)
    }

    private func row(_ file: DataFile) -> [Scalar] {
        var row: [Scalar] = [
            .int(Int32(file.content.rawValue)), .string(file.path), .string(file.format),
            .int(Int32(clamping: file.specID)),
        ]
        if partition.type != nil { row.append(partition.value(file)) }
        row += [.long(file.recordCount), .long(file.fileSize)]
        row += [file.columnSizes, file.valueCounts, file.nullCounts, file.nanCounts].map { counts in
            Self.pairs(counts) { .long($0) }
        }
        row += [file.lowerBounds, file.upperBounds].map { bounds in Self.pairs(bounds) { .bytes($0) } }
        row += [
            file.keyMetadata.map { .bytes($0) } ?? .null,
            file.splitOffsets.map { .list($0.map { .long($0) }) } ?? .null,
            file.equalityIDs.map { .list($0.map { .int(Int32(clamping: $0)) }) } ?? .null,
            file.sortOrderID.map { .int(Int32(clamping: $0)) } ?? .null,
        ]
        return row
    }

    private static func map(_ value: DataType) -> DataType {
        .map(key: Field("key", .int, isRequired: true), value: Field("value", value, isRequired: true))
    }

    private static func pairs<Value>(_ map: [Int: Value]?, _ scalar: (Value) -> Scalar) -> Scalar {
        guard let map else { return .null }
        return .map(
            map.sorted { $0.key < $1.key }.map { ScalarPair(.int(Int32(clamping: $0.key)), scalar($0.value)) }
        )
    }

    func manifests() async throws -> Rows {
        let summary = DataType.structure([
            Field("contains_null", .boolean, isRequired: true), Field("contains_nan", .boolean),
            Field("lower_bound", .string), Field("upper_bound", .string),
        ])
        let counted = [
            "added_data_files_count", "existing_data_files_count", "deleted_data_files_count",
            "added_delete_files_count", "existing_delete_files_count", "deleted_delete_files_count",
        ]
        let schema = Schema(
            [
                Field("content", .int, isRequired: true), Field("path", .string, isRequired: true),
                Field("length", .long, isRequired: true), Field("partition_spec_id", .int, isRequired: true),
                Field("added_snapshot_id", .long),
            ] + counted.map { Field($0, .int, isRequired: true) } + [
                Field("partition_summaries", .list(Field("element", summary, isRequired: true)))
            ])
        guard let snapshot else { return (schema, []) }
        let rows = try await files.manifests(of: snapshot).map { manifest -> [Scalar] in
            let counts = [manifest.files?.added, manifest.files?.existing, manifest.files?.deleted].map {
                Scalar.int(Int32(clamping: $0 ?? 0))
            }
            let none = [Scalar](repeating: .int(0), count: counts.count)
            return [
                .int(Int32(manifest.content.rawValue)), .string(manifest.path), .long(manifest.length),
                .int(Int32(clamping: manifest.specID)), .long(manifest.addedSnapshotID),
            ] + (manifest.content == .data ? counts + none : none + counts) + [
                .list(try summaries(of: manifest))
            ]
        }
        return (schema, rows)
    }

    private func summaries(of manifest: ManifestFile) throws -> [Scalar] {
        guard let spec = metadata.spec(withID: manifest.specID), let summaries = manifest.partitions,
            summaries.count == spec.fields.count
        else { return [] }
        let types = metadata.partitionTypes(of: spec)
        return try zip(summaries, types).map { summary, type in
            .structure([
                .boolean(summary.containsNull), summary.containsNaN.map { .boolean($0) } ?? .null,
                try Self.text(summary.lowerBound, type), try Self.text(summary.upperBound, type),
            ])
        }
    }

    private static func text(_ bytes: [UInt8]?, _ type: DataType?) throws -> Scalar {
        guard let bytes, let type else { return .null }
        return try Column.constant(try SingleValue.decode(bytes, type), type, count: 1).cast(to: .string)
            .scalar(at: 0)
    }

    func partitions() async throws -> Rows {
        var fields: [Field] = []
        if let type = partition.type {
            fields = [Field("partition", type, isRequired: true), Field("spec_id", .int, isRequired: true)]
        }
        fields += [
            Field("record_count", .long, isRequired: true), Field("file_count", .int, isRequired: true),
            Field("total_data_file_size_in_bytes", .long, isRequired: true),
            Field("position_delete_record_count", .long, isRequired: true),
            Field("position_delete_file_count", .int, isRequired: true),
            Field("equality_delete_record_count", .long, isRequired: true),
            Field("equality_delete_file_count", .int, isRequired: true),
            Field("last_updated_at", .timestamptz), Field("last_updated_snapshot_id", .long),
        ]
        var totals: [PartitionTotals] = []
        var places: [[Scalar]: Int] = [:]
        try await forEach { entry in
            let key = [partition.value(entry.file), .int(Int32(clamping: entry.file.specID))]
            let place = places[key] ?? totals.count
            if place == totals.count {
                places[key] = place
                totals.append(PartitionTotals(key: key))
            }
            totals[place].count(entry, metadata)
        }
        return (Schema(fields), totals.map { $0.row(withKey: partition.type != nil) })
    }
}
