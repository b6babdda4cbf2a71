import Blobs
import Columnar
import Faults
import FileFormats
import Iceberg
import JSONText
import Scheduling

extension TableCheck {
    /// One deletion vector: where and what its manifest says, and of rows that its data file has.
    mutating func checkVector(_ file: DataFile, _ reader: any BlobReader) async throws {
        guard let target = file.referencedDataFile.flatMap({ BlobPath(uri: $0) }),
            let offset = file.contentOffset,
            let size = file.contentSize
        else {
            return report.add(.deletionVector, file.path, "the manifest lacks its data file or its place")
        }
        guard offset >= 0, size >= 0, offset <= reader.info.size, size <= reader.info.size - offset,
            size <= TableFiles.byteLimit
        else {
            return report.add(
                .deletionVector, file.path,
                "the manifest says \(size) bytes at \(offset), the file has \(reader.info.size)")
        }
        let bytes = try await reader.read([offset..<(offset + size)])[0]
        do {
            let set = try DeletionVector.decode(bytes)
            if set.count != file.recordCount {
                report.add(
                    .recordCount, file.path,
                    "the vector for \(target) has \(set.count) rows, the manifest says \(file.recordCount)")
            }
            if let last = set.last { checkPosition(last, in: target, file) }
        } catch {
            report.add(
                .deletionVector, file.path,
                "the \(size) bytes at \(offset) are no vector for \(target): \(error.message)")
        }
        do {
            guard let footer = try await PuffinFooter.read(reader) else { return }
            check(file, target, against: footer)
        } catch let error as TablesError {
            report.add(.fileUnreadable, file.path, error.message)
        }
    }

    private mutating func check(_ file: DataFile, _ target: BlobPath, against footer: PuffinFooter) {
        let blob = footer.blobs.first { $0.offset == file.contentOffset && $0.length == file.contentSize }
        guard let blob, blob.type == "deletion-vector-v1" else {
            return report.add(
                .deletionVector, file.path,
                "the file tells of no deletion vector where the manifest has that for \(target)")
        }
        guard let told = blob.properties["referenced-data-file"]?.string else { return }
        if BlobPath(uri: told) != target {
            report.add(
                .deletionVector, file.path,
                "the file says the vector is about \(told), the manifest \(target)")
        }
    }

    /// A file of position deletes; what it deletes from files that no snapshot has any more is nobody's concern.
    mutating func checkPositions(_ parquet: ParquetFile, _ file: DataFile) async throws {
        if let lacking = PositionDeletes.fields.first(where: { !parquet.has($0) }) {
            return report.add(.fileUnreadable, file.path, "the file lacks the column \(lacking.name)")
        }
        var highest: [BlobPath: Int64] = [:]
        for group in 0..<parquet.rowGroupCount {
            try cancellation.check()
            for batch in try await parquet.read(rowGroup: group, fields: PositionDeletes.fields) {
                do {
                    // One batch at a time: nobody needs the positions together.
                    var builder = PositionDeletes.Builder()
                    try builder.add(batch)
                    for (path, set) in try builder.finish().sets {
                        highest[path] = max(highest[path] ?? 0, set.last ?? 0)
                    }
                } catch {
                    return report.add(.deletedPositions, file.path, error.message)
                }
            }
        }
        let told = file.referencedDataFile.flatMap { BlobPath(uri: $0) }
        for (path, position) in highest.sorted(by: { $0.key.uri < $1.key.uri }) {
            if let told, path != told {
                report.add(
                    .deletedPositions, file.path, "rows of \(path) are deleted, the manifest says of \(told)")
            }
            checkPosition(position, in: path, file)
        }
    }

    private mutating func checkPosition(_ position: Int64, in target: BlobPath, _ deletes: DataFile) {
        guard let known = files[FileKey(path: target)], position >= known.file.recordCount else { return }
        report.add(
            .deletedPositions, deletes.path,
            "row \(position) of \(target) is deleted, which has \(known.file.recordCount)")
    }
}
