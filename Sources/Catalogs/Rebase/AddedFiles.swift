import Iceberg

/// What an append brings, counted from its manifests.
struct AddedFiles: Sendable, Hashable {
    private(set) var files: Int64 = 0
    private(set) var rows: Int64 = 0
    private(set) var bytes: Int64 = 0

    /// False, and nothing counted, when the numbers are no counts or would overflow.
    mutating func count(_ file: DataFile) -> Bool {
        guard file.recordCount >= 0, file.fileSize >= 0, let rows = rows.plus(file.recordCount),
            let bytes = bytes.plus(file.fileSize)
        else { return false }
        self.rows = rows
        self.bytes = bytes
        files += 1
        return true
    }

    /// The writer's summary with totals that follow those of the snapshot before; a total nobody knows is left out.
    func summary(of own: [String: String], after head: [String: String]) -> [String: String] {
        var summary = own
        summary["added-data-files"] = "\(files)"
        summary["added-records"] = "\(rows)"
        summary["added-files-size"] = "\(bytes)"
        let amounts = [
            ("total-data-files", files), ("total-records", rows), ("total-files-size", bytes),
            ("total-delete-files", 0), ("total-position-deletes", 0), ("total-equality-deletes", 0),
        ]
        for (name, amount) in amounts {
            let before = head[name].flatMap { Int64($0) }
            summary[name] = before.flatMap { $0.plus(amount) }.map { "\($0)" }
        }
        return summary
    }
}

extension Int64 {
    /// Nil when the sum does not fit.
    func plus(_ other: Int64) -> Int64? {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? nil : sum
    }
}
