import Blobs
import Columnar
import Faults
import Iceberg

extension TableCheck {
    /// Reads a manifest the first time it is met and holds it against what its list says.
    mutating func load(_ manifest: ManifestFile, list: String) async throws {
        guard let path = BlobPath(uri: manifest.path) else {
            return report.add(.pathOutside, list, "\(manifest.path) is no path of an object")
        }
        if let known = contents[path] {
            if let known { compare(manifest, known.claim, list) }
            return
        }
        contents[path] = .some(nil)
        refer(to: manifest.path)
        guard let bytes = try await read(manifest.path, orReport: .manifestUnreadable) else { return }
        if manifest.length >= 0, manifest.length != Int64(bytes.count) {
            report.add(
                .manifestLength, list,
                "manifest \(manifest.path) has \(bytes.count) bytes, the list says \(manifest.length)")
        }
        let entries: [ManifestEntry]
        do {
            entries = try ManifestReader(metadata: metadata, manifest: manifest).entries(bytes)
        } catch {
            return report.add(.manifestUnreadable, manifest.path, error.message)
        }
        checkCounts(manifest, entries, list)
        checkPartitions(manifest, entries, list)
        var content = ManifestContent(
            claim: manifest, liveFiles: [], liveRows: 0, content: manifest.content)
        for entry in entries {
            checkNumbers(entry, manifest)
            guard location.contains(entry.file.path), let file = BlobPath(uri: entry.file.path) else {
                report.add(
                    .pathOutside, manifest.path, "\(entry.file.path) lies outside the table's location")
                continue
            }
            // A deleted file may be gone, and is no orphan while a snapshot tells of it.
            refer(to: entry.file.path)
            guard entry.isLive else { continue }
            let key = FileKey(entry.file, file)
            content.liveFiles.append(key)
            content.liveRows &+= entry.file.recordCount
            if files[key] == nil { files[key] = (file: entry.file, manifest: manifest.path) }
        }
        contents[path] = content
    }

    /// A manifest never changes, so every list tells the same of it; one that came from version 1 may tell less.
    private mutating func compare(_ manifest: ManifestFile, _ other: ManifestFile, _ list: String) {
        func differ(_ kind: TableProblem.Kind, _ what: String) {
            report.add(kind, list, "another list tells of another \(what) of manifest \(manifest.path)")
        }
        func differs<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool {
            left != nil && right != nil && left != right
        }
        if manifest.length != other.length, min(manifest.length, other.length) >= 0 {
            differ(.manifestLength, "length")
        }
        if differs(manifest.files, other.files) || differs(manifest.rows, other.rows) {
            differ(.manifestCounts, "count")
        }
        if manifest.sequenceNumber != other.sequenceNumber
            || manifest.minimumSequenceNumber != other.minimumSequenceNumber
        {
            differ(.sequenceNumber, "sequence number")
        }
        if differs(manifest.partitions, other.partitions) { differ(.partitionBounds, "summary") }
    }

    private mutating func checkCounts(_ manifest: ManifestFile, _ entries: [ManifestEntry], _ list: String) {
        var found = ManifestFile.Counts()
        var rows = ManifestFile.Counts()
        for entry in entries {
            found.add(1, entry.status)
            rows.add(entry.file.recordCount, entry.status)
        }
        if let told = manifest.files, told != found {
            report.add(
                .manifestCounts, list,
                "manifest \(manifest.path) has \(text(found)) files, the list says \(text(told))")
        }
        if let told = manifest.rows, told != rows {
            report.add(
                .manifestCounts, list,
                "manifest \(manifest.path) has \(text(rows)) rows, the list says \(text(told))")
        }
        let lowest = entries.filter(\.isLive).compactMap(\.sequenceNumber).min()
        if let lowest, lowest < manifest.minimumSequenceNumber {
            report.add(
                .sequenceNumber, list,
                "manifest \(manifest.path) has sequence number \(lowest), the list says at least \(manifest.minimumSequenceNumber)"
            )
        }
    }

    private func text(_ counts: ManifestFile.Counts) -> String {
        "\(counts.added) added, \(counts.existing) existing, \(counts.deleted) deleted"
    }

    private mutating func checkNumbers(_ entry: ManifestEntry, _ manifest: ManifestFile) {
        guard metadata.formatVersion > 1, manifest.sequenceNumber > 0 else { return }
        func wrong(_ text: String) {
            report.add(.sequenceNumber, manifest.path, "\(entry.file.path): \(text)")
        }
        guard let number = entry.sequenceNumber else {
            if entry.status == .existing { wrong("a file of an earlier snapshot has no sequence number") }
            return
        }
        if number > manifest.sequenceNumber {
            wrong("sequence number \(number) is above the manifest's \(manifest.sequenceNumber)")
        }
        if let file = entry.fileSequenceNumber, number > file {
            wrong("the data's sequence number \(number) is above the file's \(file)")
        }
        if entry.status == .added, let file = entry.fileSequenceNumber, file != manifest.sequenceNumber {
            wrong("an added file has sequence number \(file), its manifest \(manifest.sequenceNumber)")
        }
    }

    private mutating func checkPartitions(
        _ manifest: ManifestFile, _ entries: [ManifestEntry], _ list: String
    ) {
        guard let told = manifest.partitions, let spec = metadata.spec(withID: manifest.specID) else {
            return
        }
        guard told.count == spec.fields.count else {
            return report.add(
                .partitionBounds, list,
                "manifest \(manifest.path) has \(told.count) partition summaries for \(spec.fields.count) fields"
            )
        }
        for (index, type) in metadata.partitionTypes(of: spec).enumerated() {
            guard let type else { continue }
            let name = spec.fields[index].name
            let summary = told[index]
            let lower = bound(summary.lowerBound, type)
            let upper = bound(summary.upperBound, type)
            for entry in entries where index < entry.file.partition.count {
                let value = entry.file.partition[index]
                let isOutside =
                    value.isNull
                    ? !summary.containsNull
                    : isBelow(value, lower) || isBelow(upper, value)
                if isOutside {
                    report.add(
                        .partitionBounds, list,
                        "\(entry.file.path) has \(name)=\(value), outside the summary of its manifest")
                }
            }
        }
    }

    /// Nil for a bound that is not there or cannot be read.
    func bound(_ bytes: [UInt8]?, _ type: DataType) -> Scalar? {
        guard let bytes else { return nil }
        do { return try SingleValue.decode(bytes, type) } catch { return nil }
    }

    /// False where nothing can be said.
    func isBelow(_ left: Scalar?, _ right: Scalar?) -> Bool {
        guard let left, let right else { return false }
        return ScalarOrder.compare(left, right).map { $0 < 0 } ?? false
    }
}
