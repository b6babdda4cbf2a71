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
        // Nothing is asked of a column that is gone.
        types = metadata.partitionTypes(of: spec).map { $0 ?? .null }
        projected = predicate.projected(through: spec, schema)
        columns = predicate.fieldIDs.reduce(into: [:]) { columns, id in
            if let place = schema.place(ofFieldID: id), !place.isRepeated { columns[id] = place.field.type }
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
