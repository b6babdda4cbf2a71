import Columnar
import Iceberg

/// What the live files of a manifest have together in the columns that predicates asked about.
///
///     files  [1, 5]  [4, 9]  [7, 12]        together  [1, 12]        WHERE id = 20: the manifest is not decoded again
///
/// Files that come in the order of a column, as those of a stream do in that of time, make this as good as partitions.
struct ManifestBounds: Sendable {
    /// Bounds are values of the type that was asked about; a column may have had another one, or get one.
    private struct Column {
        var type: DataType
        var statistics: ColumnStatistics?
    }

    private var columns: [Int: Column] = [:]

    /// Nil where nothing is known of the column as one of this type.
    func statistics(ofFieldID id: Int, _ type: DataType) -> ColumnStatistics? {
        columns[id].flatMap { $0.type == type ? $0.statistics : nil }
    }

    /// Also knows `wanted` columns by id; `entries` are all of the manifest's.
    ///
    /// - Cost: a pass over the entries for each column that is new.
    func adding(_ wanted: [Int: DataType], of entries: [ManifestEntry]) -> ManifestBounds {
        var result = self
        for (id, type) in wanted where columns[id]?.type != type {
            var together: ColumnStatistics?
            for entry in entries where entry.isLive {
                let one = entry.file.statistics(ofFieldID: id, type)
                together = together?.union(one) ?? one
            }
            result.columns[id] = Column(type: type, statistics: together)
        }
        return result
    }

    func knows(_ wanted: [Int: DataType]) -> Bool { wanted.allSatisfy { columns[$0]?.type == $1 } }

    /// Bytes in a cache, about.
    var cost: Int {
        columns.values.reduce(128) { cost, column in
            cost + 256 + Self.bytes(column.statistics?.lower) + Self.bytes(column.statistics?.upper)
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
