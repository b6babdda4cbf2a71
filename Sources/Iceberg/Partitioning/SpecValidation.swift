package import Columnar

extension PartitionSpec {
    /// Checks the spec against the schema it is to be used with.
    ///
    /// - Errors: `ICE-105`.
    package func validate(against schema: IcebergSchema) throws(IcebergError) {
        var names: Set<String> = []
        var ids: Set<Int> = []
        var sources: Set<PartitionSource> = []
        if fields.isEmpty { return }
        let index = FieldIndex(schema)
        let columns = Dictionary(schema.fields.map { ($0.name, $0) }) { first, _ in first }
        for field in fields {
            guard !field.name.isEmpty, names.insert(field.name).inserted else {
                throw invalid("every partition field needs a name of its own", field)
            }
            if field.fieldID > 0, !ids.insert(field.fieldID).inserted {
                throw invalid("two partition fields share an id", field)
            }
            // A dropped field stays behind as void; its column may be gone.
            if field.transform == .void { continue }
            if case .unknown = field.transform { throw invalid("no transform has this name", field) }
            guard sources.insert(PartitionSource(of: field)).inserted
            else {
                throw invalid("two partition fields are the same", field)
            }
            guard let place = index[field.sourceID] else {
                throw invalid("no column has the source id of a partition field", field)
            }
            // What has no values Firn can read has none to part rows by, nor an order.
            guard !place.isRepeated, schema.opaqueTypes[field.sourceID] == nil,
                field.transform.resultType(of: place.field.type) != nil
            else {
                throw invalid("the transform does not take the column's type", field, place.field.type)
            }
            if let clash = columns[field.name],
                clash.id != field.sourceID || field.transform != .identity
            {
                throw invalid("a partition field has the name of a column", field)
            }
        }
    }

    private func invalid(_ summary: String, _ field: PartitionField, _ type: DataType? = nil) -> IcebergError
    {
        IcebergError(
            .invalidPartitionSpec, summary,
            [
                "partition field": field.name, "transform": field.transform, "source-id": field.sourceID,
                "type": type.map { "\($0)" } ?? "-",
            ])
    }

    /// The type of each partition value; a source that is gone gives `int`, which is how other writers store its nulls.
    package func resultTypes(in schema: IcebergSchema) -> [DataType] {
        let index = FieldIndex(schema)
        return fields.map { field in
            index[field.sourceID].flatMap { field.transform.resultType(of: $0.field.type) } ?? .int
        }
    }
}

extension SortOrder {
    /// - Errors: `ICE-106`.
    package func validate(against schema: IcebergSchema) throws(IcebergError) {
        if fields.isEmpty { return }
        let index = FieldIndex(schema)
        for field in fields {
            guard let place = index[field.sourceID], !place.isRepeated,
                schema.opaqueTypes[field.sourceID] == nil,
                field.transform.resultType(of: place.field.type) != nil
            else {
                throw IcebergError(
                    .invalidSortOrder, "no column fits the sort field",
                    ["source-id": field.sourceID, "transform": field.transform])
            }
        }
    }
}

/// What a partition field takes its values from: two of a spec never have the same.
struct PartitionSource: Hashable {
    private let id: Int
    private let transform: Transform

    init(of field: PartitionField) {
        id = field.sourceID
        transform = field.transform
    }
}
