package import Columnar

/// A manifest as the manifest list of a snapshot tells of it.
///
/// Source: Iceberg table specification, "Manifest Lists"; the numbers are the field ids there.
package struct ManifestFile: Sendable, Hashable {
    package enum Content: Int, Sendable {
        case data = 0
        case deletes = 1
    }

    /// What a manifest holds; nil in lists of version 1 that do not say.
    package struct Counts: Sendable, Hashable {
        package var added: Int64
        package var existing: Int64
        package var deleted: Int64

        package init(added: Int64 = 0, existing: Int64 = 0, deleted: Int64 = 0) {
            self.added = added
            self.existing = existing
            self.deleted = deleted
        }
    }

    package var path: String
    package var length: Int64
    package var specID: Int
    package var content: Content = .data
    package var sequenceNumber: Int64 = 0
    package var minimumSequenceNumber: Int64 = 0
    package var addedSnapshotID: Int64
    package var files: Counts?
    package var rows: Counts?
    /// One a field of the spec.
    package var partitions: [PartitionSummary]?
    package var keyMetadata: [UInt8]?
    /// Version 3: the row id of its first added row.
    package var firstRowID: Int64?

    package init(path: String, length: Int64, specID: Int, addedSnapshotID: Int64) {
        self.path = path
        self.length = length
        self.specID = specID
        self.addedSnapshotID = addedSnapshotID
    }

    package var mayHaveLiveFiles: Bool { files.map { $0.added > 0 || $0.existing > 0 } ?? true }

    /// As its list says; nil where it does not, or says what cannot be.
    package var liveFiles: Int64? {
        guard let files, files.added >= 0, files.existing >= 0 else { return nil }
        let (sum, overflow) = files.added.addingReportingOverflow(files.existing)
        return overflow ? nil : sum
    }

    /// False only when no row of the manifest can match. `projected` is about partition fields, see
    /// `Predicate.projected`; `types` are the spec's result types.
    package func mightMatch(_ projected: Predicate, _ spec: PartitionSpec, types: [DataType]) -> Bool {
        guard let partitions, partitions.count == spec.fields.count else { return true }
        return projected.mightMatch { id in
            guard let index = spec.fields.firstIndex(where: { $0.fieldID == id }) else { return nil }
            return partitions[index].statistics(types[index])
        }
    }
}

/// What the files of a manifest have in one partition field.
package struct PartitionSummary: Sendable, Hashable {
    package var containsNull: Bool
    package var containsNaN: Bool?
    /// Encoded as `SingleValue`; nil when all are null or NaN.
    package var lowerBound: [UInt8]?
    package var upperBound: [UInt8]?

    package init(
        containsNull: Bool, containsNaN: Bool? = nil, lowerBound: [UInt8]? = nil, upperBound: [UInt8]? = nil
    ) {
        self.containsNull = containsNull
        self.containsNaN = containsNaN
        self.lowerBound = lowerBound
        self.upperBound = upperBound
    }

    func statistics(_ type: DataType) -> ColumnStatistics {
        func bound(_ bytes: [UInt8]?) -> Scalar? {
            guard let bytes else { return nil }
            do { return try SingleValue.decode(bytes, type) } catch { return nil }
        }
        var statistics = ColumnStatistics(lower: bound(lowerBound), upper: bound(upperBound))
        statistics.containsNull = containsNull
        statistics.containsNaN = containsNaN
        // Without bounds there is nothing but nulls, unless NaN may be what has none.
        if lowerBound == nil, upperBound == nil, containsNull, containsNaN == false {
            statistics.valueCount = 1
            statistics.nullCount = 1
        }
        return statistics
    }
}

/// Gathers partition summaries while a manifest is written.
package struct PartitionSummaryBuilder: Sendable {
    private let types: [DataType]
    private var summaries: [Running]

    private struct Running {
        var containsNull = false
        var containsNaN = false
        var lower: Scalar?
        var upper: Scalar?
    }

    package init(types: [DataType]) {
        self.types = types
        summaries = types.map { _ in Running() }
    }

    package mutating func add(_ partition: [Scalar]) {
        precondition(partition.count == types.count)
        for (index, value) in partition.enumerated() {
            if value.isNull {
                summaries[index].containsNull = true
            } else if ScalarOrder.isNaN(value) {
                summaries[index].containsNaN = true
            } else {
                let running = summaries[index]
                if running.lower.map({ (ScalarOrder.compare(value, $0) ?? 0) < 0 }) ?? true {
                    summaries[index].lower = value
                }
                if running.upper.map({ (ScalarOrder.compare(value, $0) ?? 0) > 0 }) ?? true {
                    summaries[index].upper = value
                }
            }
        }
    }

    package func finish() -> [PartitionSummary] {
        zip(summaries, types).map { running, type in
            PartitionSummary(
                containsNull: running.containsNull, containsNaN: running.containsNaN,
                lowerBound: running.lower.flatMap { SingleValue.encode($0, type) },
                upperBound: running.upper.flatMap { SingleValue.encode($0, type) })
        }
    }
}
