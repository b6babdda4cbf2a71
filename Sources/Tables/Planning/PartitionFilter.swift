import Columnar
import Iceberg

/// A predicate worked out for the files of one partition spec.
struct PartitionFilter: Sendable {
    let spec: PartitionSpec
    private let types: [DataType]
    private let predicate: Predicate
    private let projected: Predicate
    /// The columns the predicate is about, as they are now.
    let columns: [Int: DataType]

    init(spec: PartitionSpec, metadata: TableMetadata, schema: IcebergSchema, _ predicate: Predicate) {
        self.spec = spec
        self.predicate = predicate
        types = Self.types(of: spec, metadata)
        projected = predicate.projected(through: spec, schema)
        columns = predicate.fieldIDs.reduce(into: [:]) { columns, id in
            if let place = schema.place(ofFieldID: id), !place.isRepeated { columns[id] = place.field.type }
        }
    }

    private static func types(of spec: PartitionSpec, _ metadata: TableMetadata) -> [DataType] {
        if spec.fields.isEmpty { return [] }
        let fields = TableFieldIndex(metadata, ids: [])
        return spec.fields.map { field in
            fields[field.sourceID].flatMap { field.transform.resultType(of: $0.type) } ?? .int
        }
    }

    func mightMatch(_ manifest: ManifestFile) -> Bool {
        projected == .always || manifest.mightMatch(projected, spec, types: types)
    }

    func mightMatch(_ bounds: ManifestBounds) -> Bool {
        predicate.mightMatch { id in columns[id].flatMap { bounds.statistics(ofFieldID: id, $0) } }
    }

    func mightMatch(_ file: DataFile) -> Bool {
        if predicate == .always { return true }
        let inPartition = projected.mightMatch { id in
            guard let index = spec.fields.firstIndex(where: { $0.fieldID == id }),
                index < file.partition.count
            else {
                return nil
            }
            return ColumnStatistics(constant: file.partition[index])
        }
        guard inPartition else { return false }
        // Bounds speak of data; delete files have others.
        if file.content != .data { return true }
        return predicate.mightMatch { id in columns[id].map { file.statistics(ofFieldID: id, $0) } }
    }
}
