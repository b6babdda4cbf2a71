import Blobs
import Columnar
import Iceberg

/// A decoded position delete file: the deleted rows of each data file it names.
struct PositionDeletes: Sendable {
    static let fields = [ReservedFields.deletedPath, ReservedFields.deletedPosition]

    let sets: [BlobPath: PositionSet]
    let byteCount: Int

    struct Builder {
        private var positions: [BlobPath: [Int64]] = [:]
        private var count = 0
        private var last: (text: String, path: BlobPath)?

        /// Memory of what was added.
        var byteCount: Int { count * 16 + positions.count * 256 }

        /// - Errors: `TAB-104` for nulls and paths that are none.
        mutating func add(_ batch: Batch) throws(TablesError) {
            let paths = batch.columns[0]
            guard case .int64(let rows) = batch.columns[1].flattened().values, paths.nullCount == 0,
                batch.columns[1].nullCount == 0
            else { throw TablesError(.deletesUnreadable, "a position delete lacks its path or position") }
            count += rows.count
            var start = 0
            // Runs of one path, which is what writers make: they sort by path.
            while start < rows.count {
                guard case .string(let text) = paths.scalar(at: start) else {
                    throw TablesError(.deletesUnreadable, "a position delete's path is no text")
                }
                var end = start + 1
                while end < rows.count, paths.hasSameText(end, as: start) { end += 1 }
                positions[try path(text), default: []].append(contentsOf: rows[start..<end])
                start = end
            }
        }

        private mutating func path(_ text: String) throws(TablesError) -> BlobPath {
            if let last, last.text.utf8.elementsEqual(text.utf8) { return last.path }
            guard let path = BlobPath(uri: text) else {
                throw TablesError(
                    .deletesUnreadable, "a position delete's path is no s3:// URI", ["path": text])
            }
            last = (text, path)
            return path
        }

        consuming func finish() throws(TablesError) -> PositionDeletes {
            var sets: [BlobPath: PositionSet] = [:]
            for (path, rows) in positions {
                guard let set = PositionSet(rows) else {
                    throw TablesError(
                        .deletesUnreadable, "a deleted position is negative", ["file": path.uri])
                }
                sets[path] = set
            }
            let bytes = sets.values.reduce(0) { $0 + $1.byteCount + 256 }
            return PositionDeletes(sets: sets, byteCount: bytes)
        }
    }
}

extension Column {
    /// Without nulls.
    fileprivate func hasSameText(_ row: Int, as other: Int) -> Bool {
        switch values {
        case .constant: return true
        case .dictionary(let indices, _): return indices[row] == indices[other]
        case .string(let strings):
            return strings.isEqual(row, strings, other)
        default: return false
        }
    }
}
