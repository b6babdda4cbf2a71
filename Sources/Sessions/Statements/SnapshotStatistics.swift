import Blobs
import Columnar
import Iceberg
import JSONText
import Plans
import Scheduling
import Tables

/// Adds up what a snapshot's manifests tell of its files, for the planner.
///
/// - Cost: reads all manifests once a snapshot, which the scan would read anyhow; tables of very many files tell their
///   row count alone.
struct SnapshotStatistics {
    /// Files of a snapshot that are looked at, at most: planning must not become the query.
    private static let fileLimit: Int64 = 4_096

    let engine: QueryEngine
    let token: CancellationToken

    /// Nil where too many files would have to be looked at, or their number is not known.
    func read(
        _ snapshot: Snapshot, of metadata: TableMetadata, fields: [Field], schemaID: Int
    ) async throws -> TableStatistics? {
        guard let files = snapshot.summary["total-data-files"].flatMap({ Int64($0) }),
            files <= Self.fileLimit,
            let list = snapshot.manifestList
        else { return nil }
        let key = "\(list)#\(snapshot.snapshotID)#\(schemaID)"
        if let known = engine.statistics.find(key) { return known }
        let plan = try TableReader(metadata: metadata, store: engine.store, caches: engine.tableCaches)
            .plan(snapshotID: snapshot.snapshotID, cancellation: token)
        var sum = Sum(fields)
        while let task = try await plan.next() { sum.add(task) }
        let statistics = sum.statistics(distinct: Self.distinctCounts(snapshot, metadata))
        engine.statistics.insert(statistics, for: key, cost: 1 + statistics.columns.count)
        return statistics
    }

    /// The numbers of distinct values that a statistics file's sketches found, as its metadata repeats them.
    ///
    /// Source: Puffin specification, `apache-datasketches-theta-v1`, property `ndv`.
    private static func distinctCounts(_ snapshot: Snapshot, _ metadata: TableMetadata) -> [Int: Int64] {
        guard let file = metadata.statistics.last(where: { $0.snapshotID == snapshot.snapshotID }),
            let blobs = file.json["blob-metadata"]?.array
        else { return [:] }
        var counts: [Int: Int64] = [:]
        for blob in blobs where blob["type"]?.string == "apache-datasketches-theta-v1" {
            guard let fields = blob["fields"]?.array, fields.count == 1, let field = fields[0].integer,
                let count = blob["properties"]?["ndv"]?.string.flatMap({ Int64($0) }), count >= 0
            else { continue }
            counts[Int(field)] = count
        }
        return counts
    }

    /// The files' statistics, one after the other.
    private struct Sum {
        private let fields: [Field]
        private var rowCount: Int64 = 0
        private var hasDeletes = false
        private var columns: [Int: TableStatistics.Column] = [:]
        /// Of columns that some file does not tell the bounds of.
        private var boundless: Set<Int> = []

        init(_ fields: [Field]) { self.fields = fields.filter { !$0.type.isNested } }

        mutating func add(_ task: ScanTask) {
            let isFirst = rowCount == 0
            let (sum, overflow) = rowCount.addingReportingOverflow(task.file.recordCount)
            rowCount = overflow ? .max : sum
            if !task.deletes.isEmpty || task.file.recordCount < 0 { hasDeletes = true }
            guard task.file.recordCount > 0 else { return }
            for field in fields {
                guard let id = field.id else { continue }
                let known = task.file.statistics(ofFieldID: id, field.type)
                add(known, task.file.recordCount, id, field.type, isFirst: isFirst)
            }
        }

        private mutating func add(
            _ known: ColumnStatistics, _ rows: Int64, _ id: Int, _ type: DataType, isFirst: Bool
        ) {
            var column = columns[id] ?? TableStatistics.Column()
            if isFirst {
                column.nullCount = 0
                column.isExact = type.hasWholeBounds
            }
            let hasNulls = known.nullCount.map { $0 >= 0 && $0 <= rows } ?? false
            column.nullCount = hasNulls ? column.nullCount.map { $0 &+ (known.nullCount ?? 0) } : nil
            if known.nullCount == rows {
                // Nothing in it to bound.
            } else if let lower = known.lower, let upper = known.upper, !boundless.contains(id) {
                if column.lower.map({ isBelow(lower, $0) }) ?? true { column.lower = lower }
                if column.upper.map({ isBelow($0, upper) }) ?? true { column.upper = upper }
            } else {
                boundless.insert(id)
                column.lower = nil
                column.upper = nil
                column.isExact = false
            }
            columns[id] = column
        }

        private func isBelow(_ left: Scalar, _ right: Scalar) -> Bool {
            ScalarOrder.compare(left, right).map { $0 < 0 } ?? false
        }

        func statistics(distinct: [Int: Int64]) -> TableStatistics {
            var all = columns
            for (id, count) in distinct {
                guard fields.contains(where: { $0.id == id }) else { continue }
                all[id, default: TableStatistics.Column()].distinctCount = count
            }
            return TableStatistics(rowCount: rowCount, isExact: !hasDeletes, columns: all)
        }
    }
}

extension DataType {
    /// Bounds of these types are values: texts are cut short, and floats leave out NaN.
    fileprivate var hasWholeBounds: Bool {
        switch self {
        case .int, .long, .date, .time, .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos,
            .decimal:
            true
        default: false
        }
    }
}
