import Columnar
import Iceberg

/// The partition of a file as one struct over all specs a table ever had, so that files of different specs line up.
struct PartitionColumn {
    /// Nil for a table that never was partitioned.
    let type: DataType?
    private let fieldIDs: [Int]
    private let specs: [Int: PartitionSpec]

    init(_ metadata: TableMetadata) {
        var fields: [Field] = []
        // The newest spec's names win; each is there once.
        let ordered = [metadata.defaultSpec] + metadata.specs.reversed()
        for spec in ordered {
            // Of a column that no schema has any more only single files could tell the type.
            for case (let field, let type?) in zip(spec.fields, metadata.partitionTypes(of: spec))
            where field.transform != .void && !fields.contains(where: { $0.id == field.fieldID }) {
                fields.append(Field(id: field.fieldID, Self.free(field.name, among: fields), type))
            }
        }
        fieldIDs = fields.compactMap(\.id)
        type = fields.isEmpty ? nil : .structure(fields.map { Field($0.name, $0.type) })
        specs = metadata.specs.reduce(into: [:]) { $0[$1.specID] = $1 }
    }

    /// An older field whose name a newer one has: `day_1`.
    private static func free(_ name: String, among fields: [Field]) -> String {
        var (free, number) = (name, 1)
        while fields.contains(where: { $0.name == free }) {
            free = "\(name)_\(number)"
            number += 1
        }
        return free
    }

    func value(_ file: DataFile) -> Scalar {
        guard let spec = specs[file.specID] else { return .structure(fieldIDs.map { _ in .null }) }
        return .structure(
            fieldIDs.map { id in
                guard let index = spec.fields.firstIndex(where: { $0.fieldID == id }),
                    index < file.partition.count
                else { return .null }
                return file.partition[index]
            })
    }
}

/// What the files of one partition come to.
struct PartitionTotals {
    private let key: [Scalar]
    private var rows: Int64 = 0
    private var files: Int32 = 0
    private var bytes: Int64 = 0
    private var positionDeletes: (rows: Int64, files: Int32) = (0, 0)
    private var equalityDeletes: (rows: Int64, files: Int32) = (0, 0)
    private var lastUpdate: (milliseconds: Int64, snapshotID: Int64)?

    init(key: [Scalar]) { self.key = key }

    mutating func count(_ entry: ManifestEntry, _ metadata: TableMetadata) {
        let file = entry.file
        switch file.content {
        case .data:
            rows &+= file.recordCount
            files &+= 1
            bytes &+= file.fileSize
        case .positionDeletes:
            positionDeletes.rows &+= file.recordCount
            positionDeletes.files &+= 1
        case .equalityDeletes:
            equalityDeletes.rows &+= file.recordCount
            equalityDeletes.files &+= 1
        }
        guard let snapshot = entry.snapshotID.flatMap({ metadata.snapshot(withID: $0) }) else { return }
        if lastUpdate.map({ $0.milliseconds < snapshot.timestampMilliseconds }) ?? true {
            lastUpdate = (snapshot.timestampMilliseconds, snapshot.snapshotID)
        }
    }

    func row(withKey: Bool) -> [Scalar] {
        (withKey ? key : []) + [
            .long(rows), .int(files), .long(bytes), .long(positionDeletes.rows), .int(positionDeletes.files),
            .long(equalityDeletes.rows), .int(equalityDeletes.files),
            lastUpdate.map { SnapshotRows.time($0.milliseconds) } ?? .null,
            lastUpdate.map { .long($0.snapshotID) } ?? .null,
        ]
    }
}
