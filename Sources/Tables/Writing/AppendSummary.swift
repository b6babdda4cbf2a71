import Columnar
import Iceberg

/// What the summary of an append counts.
///
/// Source: Iceberg table specification, "Optional Snapshot Summary Fields".
enum AppendSummary {
    static func make(_ files: [DataFile], parent: Snapshot?, extra: [String: String]) -> [String: String] {
        let rows = files.reduce(Int64(0)) { $0 &+ $1.recordCount }
        let bytes = files.reduce(Int64(0)) { $0 &+ $1.fileSize }
        var summary = extra
        summary["operation"] = "append"
        summary["added-data-files"] = "\(files.count)"
        summary["added-records"] = "\(rows)"
        summary["added-files-size"] = "\(bytes)"
        summary["changed-partition-count"] =
            "\(Set(files.map { Partition(specID: $0.specID, values: $0.partition) }).count)"
        let totals: [(String, Int64)] = [
            ("total-data-files", Int64(files.count)), ("total-records", rows), ("total-files-size", bytes),
            ("total-delete-files", 0), ("total-position-deletes", 0), ("total-equality-deletes", 0),
        ]
        for (name, added) in totals {
            // A total that the parent does not have is not known.
            let before = parent.map { $0.summary[name].flatMap { Int64($0) } } ?? 0
            guard let before else { continue }
            let (sum, overflow) = before.addingReportingOverflow(added)
            if !overflow { summary[name] = "\(sum)" }
        }
        return summary
    }

    private struct Partition: Hashable {
        var specID: Int
        var values: [Scalar]
    }
}

/// Row ids of version 3.
enum RowIDs {
    /// Gives data manifests that have none their first row id, in order, and answers how many ids were taken.
    ///
    /// - Errors: `ICE-303` when the table has none left.
    /// Source: Iceberg table specification, "First Row ID Assignment".
    static func assign(to manifests: inout [ManifestFile], from first: Int64) throws(IcebergError) -> Int64 {
        var next = first
        for index in manifests.indices
        where manifests[index].content == .data && manifests[index].firstRowID == nil {
            manifests[index].firstRowID = next
            let rows = [manifests[index].rows?.added ?? 0, manifests[index].rows?.existing ?? 0]
            for count in rows {
                let (sum, overflow) = next.addingReportingOverflow(count)
                guard !overflow, count >= 0 else {
                    throw IcebergError(
                        .invalidUpdate, "the table has no row ids left", ["next-row-id": first])
                }
                next = sum
            }
        }
        return next - first
    }
}
