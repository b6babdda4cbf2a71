import Blobs
import Iceberg

/// What a commit that only adds files brings, counted from its manifests.
struct AddedFiles: Sendable, Hashable {
    private(set) var files: Int64 = 0
    private(set) var rows: Int64 = 0
    private(set) var bytes: Int64 = 0
    private(set) var deleteFiles: Int64 = 0
    /// Of `deleteFiles` those that are deletion vectors.
    private(set) var vectors: Int64 = 0
    private(set) var positionDeletes: Int64 = 0
    /// The data files themselves.
    private(set) var dataFiles: Set<BlobPath> = []
    /// Data files that something is deleted from.
    private(set) var references: Set<BlobPath> = []

    /// What the counts of rows in a manifest list add up to.
    var listedRows: Int64 { rows &+ positionDeletes }

    /// False, and nothing counted, when the numbers are no counts or would overflow, or a path is none.
    mutating func count(_ file: DataFile) -> Bool {
        let target = file.referencedDataFile.map { BlobPath(uri: $0) }
        guard file.recordCount >= 0, file.fileSize >= 0, listedRows.plus(file.recordCount) != nil,
            let bytes = bytes.plus(file.fileSize), let path = BlobPath(uri: file.path), target != .some(nil)
        else { return false }
        self.bytes = bytes
        if file.content == .data {
            rows += file.recordCount
            files += 1
            dataFiles.insert(path)
        } else {
            positionDeletes += file.recordCount
            deleteFiles += 1
            if file.format == "PUFFIN" { vectors += 1 }
            if let target = target ?? nil { references.insert(target) }
        }
        return true
    }

    /// The writer's summary with totals that follow those of the snapshot before; a total nobody knows is left out.
    func summary(of own: [String: String], after head: [String: String]) -> [String: String] {
        var summary = own
        if files > 0 || deleteFiles == 0 {
            summary["added-data-files"] = "\(files)"
            summary["added-records"] = "\(rows)"
        }
        summary["added-files-size"] = "\(bytes)"
        if deleteFiles > 0 {
            summary["added-delete-files"] = "\(deleteFiles)"
            summary["added-position-deletes"] = "\(positionDeletes)"
            summary["added-dvs"] = vectors > 0 ? "\(vectors)" : nil
            summary["added-position-delete-files"] =
                deleteFiles > vectors ? "\(deleteFiles - vectors)" : nil
        }
        let amounts = [
            ("total-data-files", files), ("total-records", rows), ("total-files-size", bytes),
            ("total-delete-files", deleteFiles), ("total-position-deletes", positionDeletes),
            ("total-equality-deletes", 0),
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
