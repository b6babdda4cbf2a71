import Columnar
import Iceberg

/// What the live files of a manifest have together in the columns that predicates asked about.
///
///     files  [1, 5]  [4, 9]  [7, 12]        together  [1, 12]        WHERE id = 20: the manifest is not decoded again
///
/// Files that come in the order of a column, as those of a stream do in that of time, make this as good as partitions.
struct ManifestBounds: Sendable {
    private(set) var columns: [Int: ColumnStatistics] = [:]

    /// Also knows `wanted` columns by id; `entries` are all of the manifest's.
    ///
    /// - Cost: a pass over the entries for each column that is new.
    func adding(_ wanted: [Int: DataType], of entries: [ManifestEntry]) -> ManifestBounds {
        var result = self
        for (id, type) in wanted where columns[id] == nil {
            var together: ColumnStatistics?
            for entry in entries where entry.isLive {
                let one = entry.file.statistics(ofFieldID: id, type)
                together = together?.union(one) ?? one
            }
            result.columns[id] = together
        }
        return result
    }

    func knows(_ wanted: [Int: DataType]) -> Bool { wanted.keys.allSatisfy { columns[$0] != nil } }

    /// Bytes in a cache, about.
    var cost: Int {
        columns.values.reduce(128) { cost, column in
            cost + 256 + Self.bytes(column.lower) + Self.bytes(column.upper)
        }
    }

    private static func bytes(_ bound: Scalar?) -> Int {
        switch bound {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        default: 0
        }
    }
}
