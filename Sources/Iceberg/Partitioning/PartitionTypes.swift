package import Columnar

extension Transform {
    /// The type of its values whatever column it is of; nil where that depends on the column.
    fileprivate var typeOfAnySource: DataType? {
        switch self {
        case .bucket, .year, .month, .hour: .int
        case .day: .date
        case .identity, .truncate, .void, .unknown: nil
        }
    }
}

extension TableMetadata {
    /// The types of a spec's partition values as the table has its columns now; nil where no schema has the column any
    /// more, so that only manifests tell what its values are.
    ///
    /// - Cost: a pass over the schema where the spec has fields.
    package func partitionTypes(of spec: PartitionSpec) -> [DataType?] {
        spec.fields.isEmpty ? [] : partitionTypes(of: spec, TableFieldIndex(self, ids: []))
    }

    /// The same for whoever asks for several specs.
    package func partitionTypes(of spec: PartitionSpec, _ fields: TableFieldIndex) -> [DataType?] {
        spec.fields.map { field in
            fields[field.sourceID].flatMap { field.transform.resultType(of: $0.type) }
                ?? field.transform.typeOfAnySource
        }
    }
}

/// Partition values of columns that are in no schema any more: they have the widest types they could have got, so that
/// values from before and after a promotion are the same partition.
package enum OrphanedPartition {
    /// The type to write `value` in.
    package static func type(of value: Scalar) -> DataType? {
        switch value {
        case .null, .interval, .int128, .list, .map, .structure: nil
        case .boolean: .boolean
        case .int, .long: .long
        case .float, .double: .double
        case .string: .string
        case .bytes: .binary
        }
    }

    /// `types` with what is unknown among them taken from the first of `partitions` that has a value there; null for
    /// those that never have one.
    package static func types(
        _ types: [DataType?], from partitions: some Sequence<[Scalar]>
    ) -> [DataType] {
        types.enumerated().map { index, type in
            type
                ?? partitions.lazy.compactMap { index < $0.count ? Self.type(of: $0[index]) : nil }.first
                ?? .null
        }
    }
}
