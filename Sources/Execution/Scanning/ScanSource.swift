import Blobs
import Columnar
import FileFormats
import Iceberg
import Plans
import Scheduling
import Synchronization
import Tables

/// Reads a table's snapshot: manifests, then footers, then the row groups that may hold matching rows.
///
/// A morsel is one row group, fetched by the task that asked for it and decoded on the pool. With a filter its columns
/// are read first, and the others only where a row is left.
final class ScanSource: MorselSource {
    private struct RowGroup: Sendable {
        var file: ParquetFile
        var index: Int
    }
    private let scan: TableScan
    private let context: QueryContext
    private let profile: OperatorProfile
    private let counters: ScanCounters
    private let layout: ScanLayout
    private let rowsGiven = Atomic<Int>(0)
    private let queue = Mutex<WorkQueue<ScanTask, RowGroup>?>(nil)

    init(_ scan: TableScan, _ context: QueryContext, _ profile: OperatorProfile, _ counters: ScanCounters) {
        self.scan = scan
        self.context = context
        self.profile = profile
        self.counters = counters
        layout = ScanLayout(scan)
    }

    var isSequential: Bool { false }

    func prepare() async throws {
        guard scan.snapshotID != nil else { return }
        let predicate = scan.filter.map { ScanPruning.predicate($0, over: scan.fields) } ?? .always
        let metadata = try await MetadataFile.read(
            scan.metadataLocation, store: context.store, caches: context.tableCaches)
        let reader = try TableReader(
            metadata: metadata, store: context.store, caches: context.tableCaches,
            pool: (context.morsels, context.priority))
        let plan = try reader.plan(
            predicate: predicate, snapshotID: scan.snapshotID, cancellation: context.token)
        let made = WorkQueue<ScanTask, RowGroup>(
            nextFile: { try await plan.next() },
            open: { [self] task in try await rowGroups(of: task, predicate) })
        queue.withLock { $0 = made }
    }

    private func rowGroups(of task: ScanTask, _ predicate: Predicate) async throws -> [RowGroup] {
        try context.check()
        counters.openedFile()
        let reader = try await context.store.open(task.path)
        let file = try await ParquetFile.open(reader, path: task.path, cache: context.footers)
        let groups = file.rowGroups
        let kept = groups.filter { group in
            group.rowCount > 0 && predicate.mightMatch { id in statistics(group, id) }
        }
        counters.foundRowGroups(groups.count, skipped: groups.count - kept.count)
        return kept.map { RowGroup(file: file, index: $0.index) }
    }

    private func statistics(_ group: ParquetRowGroup, _ id: Int) -> ColumnStatistics? {
        guard let field = scan.fields.first(where: { $0.id == id }), let known = group.statistics(field)
        else {
            return nil
        }
        return ColumnStatistics(
            valueCount: Int64(known.valueCount), nullCount: known.nullCount.map { Int64($0) },
            lower: known.minimum,
            upper: known.maximum)
    }

    func next() async throws -> Morsel? {
        guard let queue = queue.withLock({ $0 }) else { return nil }
        while true {
            if let limit = scan.limitHint, rowsGiven.load(ordering: .relaxed) >= limit { return nil }
            guard let group = try await queue.next() else { return nil }
            try context.check()
            if let morsel = try await morsel(group) { return morsel }
        }
    }

    /// Nil when the filter leaves no row.
    private func morsel(_ group: RowGroup) async throws -> Morsel? {
        guard let filter = layout.filter else {
            let data = try await fetch(group, scan.fields)
            return Morsel { [self] emit in
                let decoder = try RowGroupDecoder(data)
                while let batch = try profile.timed(context.clock, { try decoder.next() }) {
                    if try give(batch, emit) == .finished { return }
                }
            }
        }
        let data = try await fetch(group, layout.filterFields)
        if layout.otherFields.isEmpty {
            return Morsel { [self] emit in
                let decoder = try RowGroupDecoder(data)
                while let batch = try profile.timed(context.clock, { try decoder.next() }) {
                    let kept = try profile.timed(context.clock) {
                        try context.evaluator.filter(batch, where: filter)
                    }
                    guard let kept else { continue }
                    if try give(layout.assemble(kept, others: nil), emit) == .finished { return }
                }
            }
        }
        return try await lateMorsel(group, data, filter)
    }

    /// Decides with the filter's columns first, then fetches the others.
    private func lateMorsel(_ group: RowGroup, _ data: RowGroupData, _ filter: Expression) async throws
        -> Morsel?
    {
        let decided = try await context.morsels.run(priority: context.priority) { [self] in
            try profile.timed(context.clock) {
                try RowGroupDecoder(data).rest().map { batch -> (batch: Batch, isEmpty: Bool) in
                    try context.check()
                    guard let kept = try context.evaluator.filter(batch, where: filter) else {
                        return (batch.selecting([]), true)
                    }
                    return (kept, false)
                }
            }
        }
        if decided.allSatisfy(\.isEmpty) {
            counters.skippedRowGroup()
            return nil
        }
        let rest = try await fetch(group, layout.otherFields)
        return Morsel { [self] emit in
            let decoder = try RowGroupDecoder(rest)
            for (kept, isEmpty) in decided {
                guard let others = try profile.timed(context.clock, { try decoder.next() }) else {
                    throw ExecutionError(.inconsistentPlan, "columns of one row group differ in length")
                }
                if isEmpty { continue }
                if try give(layout.assemble(kept, others: others), emit) == .finished { return }
            }
        }
    }

    private func fetch(_ group: RowGroup, _ fields: [Field]) async throws -> RowGroupData {
        let data = try await group.file.fetch(rowGroup: group.index, fields: fields)
        counters.fetched(bytes: data.byteCount)
        return data
    }

    private func give(_ batch: Batch, _ emit: (Batch) throws -> Demand) throws -> Demand {
        profile.gave(batch.rowCount)
        rowsGiven.add(batch.rowCount, ordering: .relaxed)
        return try emit(batch)
    }
}

/// Which of a scan's columns the filter reads, and how both parts come together again.
struct ScanLayout: Sendable {
    let schema: Schema
    /// Over `filterFields`.
    let filter: Expression?
    let filterFields: [Field]
    let otherFields: [Field]
    /// For each column of the scan: which part, and where in it.
    private let places: [(isFilter: Bool, index: Int)]

    init(_ scan: TableScan) {
        schema = scan.schema
        let used = scan.filter.map { $0.columns.sorted() } ?? []
        let position = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
        filter = scan.filter?.remapped { position[$0] ?? 0 }
        filterFields = used.map { scan.fields[$0] }
        var others: [Field] = []
        var places: [(isFilter: Bool, index: Int)] = []
        for (index, field) in scan.fields.enumerated() {
            if let place = position[index] {
                places.append((true, place))
            } else {
                places.append((false, others.count))
                others.append(field)
            }
        }
        otherFields = others
        self.places = places
    }

    /// Both parts in the order of the scan's fields, with the selection of the first.
    func assemble(_ kept: Batch, others: Batch?) -> Batch {
        let columns = places.map { place in
            place.isFilter ? kept.columns[place.index] : others?.columns[place.index]
        }
        return Batch(
            schema: schema, columns: columns.compactMap { $0 }, rowCount: kept.columnRowCount,
            selection: kept.selection)
    }
}
