import Blobs
import Columnar
import Iceberg

/// Finds the delete files of a snapshot that may be about a data file.
///
/// - A vector or position delete applies to data that is not newer; an equality delete to data that is older.
/// - Deletes are about their own partition, except equality deletes of a spec without fields.
///
/// Source: Iceberg table specification, "Scan Planning".
struct DeleteIndex: Sendable {
    private var vectors: [BlobPath: DeleteFile] = [:]
    private var positionsByPath: [BlobPath: [DeleteFile]] = [:]
    private var positionsByPartition: [PartitionKey: [DeleteFile]] = [:]
    private var equality: [EqualityScope.Key: EqualityScope] = [:]
    private(set) var count = 0
    private let metadata: TableMetadata

    init(metadata: TableMetadata) { self.metadata = metadata }

    /// - Errors: `TAB-102`, `TAB-103`; `TAB-202` unless another reads the deletes.
    mutating func add(
        _ entry: ManifestEntry, _ location: TableLocation, anyFormat: Bool = false
    ) throws(TablesError) {
        let file = entry.file
        let path = try location.blob(file.path)
        guard let sequenceNumber = entry.sequenceNumber else {
            throw TablesError(
                .manifestUnreadable, "a delete file has no sequence number", ["path": file.path])
        }
        try metadata.requireKnown(sequenceNumber, of: file)
        var delete = DeleteFile(file: file, path: path, sequenceNumber: sequenceNumber)
        count += 1
        if !anyFormat, file.keyMetadata != nil { throw refused(file, "the delete file is encrypted") }
        switch (file.content, anyFormat && file.format != "PUFFIN" ? "PARQUET" : file.format) {
        case (.positionDeletes, "PUFFIN"):
            guard let target = file.referencedDataFile, file.contentOffset != nil, file.contentSize != nil
            else {
                throw TablesError(
                    .manifestUnreadable, "a deletion vector lacks its data file or its place",
                    ["path": file.path])
            }
            if vectors.updateValue(delete, forKey: try location.blob(target)) != nil {
                throw TablesError(
                    .manifestUnreadable, "a data file has two deletion vectors", ["path": target])
            }
        case (.positionDeletes, "PARQUET"):
            if let target = try Self.onlyTarget(of: file, location) {
                delete.hasOneTarget = true
                positionsByPath[target, default: []].append(delete)
            } else {
                let key = PartitionKey(file)
                positionsByPartition[key, default: []].append(delete)
            }
        case (.equalityDeletes, "PARQUET"):
            guard let ids = file.equalityIDs, !ids.isEmpty else {
                throw TablesError(
                    .manifestUnreadable, "an equality delete file names no columns", ["path": file.path])
            }
            let isGlobal = metadata.spec(withID: file.specID)?.isUnpartitioned ?? true
            let key = EqualityScope.Key(
                fieldIDs: ids.sorted(),
                partition: isGlobal ? nil : PartitionKey(file))
            equality[key, default: EqualityScope(key: key, files: [])].files.append(delete)
        default: throw refused(file, "a delete file has a format this version does not read")
        }
    }

    private func refused(_ file: DataFile, _ summary: String) -> TablesError {
        TablesError(.formatUnsupported, summary, ["path": file.path, "format": file.format])
    }

    /// The only data file that position deletes are about: named, or both bounds of their paths.
    private static func onlyTarget(
        of file: DataFile, _ location: TableLocation
    ) throws(TablesError) -> BlobPath? {
        if let target = file.referencedDataFile { return try location.blob(target) }
        guard let id = ReservedFields.deletedPath.id, let lower = file.lowerBounds?[id],
            let upper = file.upperBounds?[id], lower == upper,
            let target = String(validating: lower, as: UTF8.self)
        else { return nil }
        return try location.blob(target)
    }

    func deletes(for file: DataFile, _ path: BlobPath, sequenceNumber: Int64) -> FileDeletes {
        var deletes = FileDeletes()
        let partition = PartitionKey(file)
        if let vector = vectors[path], vector.sequenceNumber >= sequenceNumber {
            deletes.vector = vector
        } else {
            let ofPartition = positionsByPartition[partition] ?? []
            deletes.positions =
                (positionsByPath[path] ?? []).filter { $0.sequenceNumber >= sequenceNumber }
                + ofPartition.filter {
                    $0.sequenceNumber >= sequenceNumber && Self.mayName(file.path, $0.file)
                }
        }
        for (key, scope) in equality where key.partition == nil || key.partition == partition {
            let isConcerned = scope.files.contains {
                $0.sequenceNumber > sequenceNumber && mayHit(file, $0.file, key.fieldIDs)
            }
            if isConcerned { deletes.equality.append(scope) }
        }
        // A dictionary's order is another in each process.
        deletes.equality.sort { $0.key.fieldIDs.lexicographicallyPrecedes($1.key.fieldIDs) }
        return deletes
    }

    /// Whether the path lies between the bounds of the delete file's paths, where it has them.
    private static func mayName(_ path: String, _ deletes: DataFile) -> Bool {
        guard let id = ReservedFields.deletedPath.id else { return true }
        let bytes = Array(path.utf8)
        if let lower = deletes.lowerBounds?[id], bytes.lexicographicallyPrecedes(lower) { return false }
        if let upper = deletes.upperBounds?[id], upper.lexicographicallyPrecedes(bytes) { return false }
        return true
    }

    /// Whether some row of the data file may equal some row of the deletes, as far as bounds and null counts tell.
    private func mayHit(_ data: DataFile, _ deletes: DataFile, _ fieldIDs: [Int]) -> Bool {
        for id in fieldIDs {
            guard let type = metadata.fieldInAnySchema(withID: id)?.type, !type.isNested, !type.isFloating
            else { continue }
            let left = data.statistics(ofFieldID: id, type)
            let right = deletes.statistics(ofFieldID: id, type)
            // Nulls equal nulls. A file that has no counts for the column may have been written before it.
            let bothMayBeNull = left.containsNull ?? true && right.containsNull ?? true
            if bothMayBeNull { continue }
            if let low = left.lower, let high = right.upper, let order = ScalarOrder.compare(low, high),
                order > 0
            {
                return false
            }
            if let high = left.upper, let low = right.lower, let order = ScalarOrder.compare(low, high),
                order > 0
            {
                return false
            }
        }
        return true
    }
}
