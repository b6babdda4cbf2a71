import Columnar
import Iceberg

/// What a table's metadata says of its snapshots.
enum SnapshotRows {
    typealias Rows = (schema: Schema, rows: [[Scalar]])

    static func snapshots(_ metadata: TableMetadata) -> Rows {
        let schema = Schema([
            Field("committed_at", .timestamptz, isRequired: true),
            Field("snapshot_id", .long, isRequired: true),
            Field("parent_id", .long), Field("operation", .string), Field("manifest_list", .string),
            Field(
                "summary", .map(key: Field("key", .string, isRequired: true), value: Field("value", .string))),
        ])
        let rows = metadata.snapshots.map { snapshot -> [Scalar] in
            let summary = snapshot.summary.filter { $0.key != "operation" }.sorted { $0.key < $1.key }
            return [
                time(snapshot.timestampMilliseconds), .long(snapshot.snapshotID), long(snapshot.parentID),
                text(snapshot.operation), text(snapshot.manifestList),
                .map(summary.map { ScalarPair(.string($0.key), .string($0.value)) }),
            ]
        }
        return (schema, rows)
    }

    static func history(_ metadata: TableMetadata) -> Rows {
        let schema = Schema([
            Field("made_current_at", .timestamptz, isRequired: true),
            Field("snapshot_id", .long, isRequired: true), Field("parent_id", .long),
            Field("is_current_ancestor", .boolean, isRequired: true),
        ])
        var ancestors = Set<Int64>()
        var next = metadata.currentSnapshotID
        while let id = next, ancestors.insert(id).inserted { next = metadata.snapshot(withID: id)?.parentID }
        let rows = metadata.snapshotLog.map { entry -> [Scalar] in
            [
                time(entry.timestampMilliseconds), .long(entry.snapshotID),
                long(metadata.snapshot(withID: entry.snapshotID)?.parentID),
                .boolean(ancestors.contains(entry.snapshotID)),
            ]
        }
        return (schema, rows)
    }

    static func refs(_ metadata: TableMetadata) -> Rows {
        let schema = Schema([
            Field("name", .string, isRequired: true), Field("type", .string, isRequired: true),
            Field("snapshot_id", .long, isRequired: true), Field("max_reference_age_in_ms", .long),
            Field("min_snapshots_to_keep", .int), Field("max_snapshot_age_in_ms", .long),
        ])
        let rows = metadata.refs.sorted { $0.key < $1.key }.map { name, ref -> [Scalar] in
            [
                .string(name), .string(ref.kind.rawValue.uppercased()), .long(ref.snapshotID),
                long(ref.maximumRefAgeMilliseconds),
                ref.minimumSnapshotsToKeep.map { .int(Int32(clamping: $0)) } ?? .null,
                long(ref.maximumSnapshotAgeMilliseconds),
            ]
        }
        return (schema, rows)
    }

    /// As `timestamptz`.
    static func time(_ milliseconds: Int64) -> Scalar { .long(milliseconds &* 1_000) }
    static func long(_ value: Int64?) -> Scalar { value.map { .long($0) } ?? .null }
    static func text(_ value: String?) -> Scalar { value.map { .string($0) } ?? .null }
}
