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
/// A morsel is one row group, or a part where there are few of them, fetched by the task that asked for it and decoded on the pool. Deleted rows leave before
/// anything else looks at them. With a filter, or equality deletes, the columns of these are read first, and the others
/// only where a row is left.
final class ScanSource: MorselSource {
    /// Where units come from, and what opening their files takes.
    private struct Opening {
        var queue: WorkQueue<ScanTask, ScanUnit>
        var predicate: Predicate
        var deletes: DeleteLoader
        var columns: FileColumns
    }
    private let scan: TableScan
    private let context: QueryContext
    private let counters: ScanCounters
    private let channels: FilterChannels
    private let layout: ScanLayout
    private let rowsGiven = Atomic<Int>(0)
    private let opening = Mutex<Opening?>(nil)
    private let predicate = Mutex<Predicate?>(nil)
    private let partners = Mutex<ScanPartners?>(nil)

    init(
        _ scan: TableScan, _ channels: FilterChannels, _ context: QueryContext, _ counters: ScanCounters
    ) {
        self.scan = scan
        self.channels = channels
        self.context = context
        self.counters = counters
        layout = ScanLayout(scan)
    }

    var isSequential: Bool { false }

    func prepare() async throws {
        guard scan.snapshotID != nil else { return }
        let partners = ScanPartners(scan, channels)
        let filter = scan.filter.map { ScanPruning.predicate($0, over: scan.fields) } ?? .always
        // What partners tell skips files and row groups; to look at pages too would cost a request a row group.
        let predicate = Predicate.all([filter] + (partners?.bounds ?? []))
        let workers = Workers((context.morsels, context.priority), meter: context.meter)
        let metadata = try await MetadataFile.read(
            scan.metadataLocation, store: context.store, caches: context.tableCaches, workers: workers)
        let reader = try TableReader(
            metadata: metadata, store: context.store, caches: context.tableCaches, workers: workers)
        let plan = try reader.plan(
            predicate: predicate, snapshotID: scan.snapshotID, cancellation: context.token,
            memory: context.memory)
        let deletes = DeleteLoader(
            metadata: metadata, store: context.store, caches: context.tableCaches, footers: context.footers,
            memory: context.memory, workers: workers)
        let columns = try FileColumns(metadata)
        let queue = WorkQueue<ScanTask, ScanUnit> { [counters] in
            let task = try await plan.next()
            counters.planned(plan.counts)
            return task
        }
        self.predicate.withLock { $0 = filter }
        self.partners.withLock { $0 = partners }
        opening.withLock {
            $0 = Opening(queue: queue, predicate: predicate, deletes: deletes, columns: columns)
        }
    }

    private func units(of task: ScanTask, _ opening: Opening) async throws -> [ScanUnit] {
        try context.check()
        counters.openedFile()
        let reader = try await context.store.open(task.path)
        let file = try opening.columns.resolve(
            await ParquetFile.open(reader, path: task.path, cache: context.footers), of: task,
            for: scan.fields)
        let groups = file.rowGroups
        var firstRow: Int64 = 0
        var kept: [(index: Int, firstRow: Int64)] = []
        for group in groups {
            if group.rowCount > 0, opening.predicate.mightMatch({ id in statistics(group, id) }) {
                kept.append((group.index, firstRow))
            }
            firstRow += Int64(group.rowCount)
        }
        counters.foundRowGroups(groups.count, skipped: groups.count - kept.count)
        if kept.isEmpty { return [] }
        let opened = ScannedFile(
            file, task, deletes: try await opening.deletes.rows(of: task), layout: layout)
        // Few row groups would leave workers idle.
        let threads = context.morsels.threadCount
        let parts = kept.count < 2 * threads && scan.limitHint == nil ? threads : 1
        return kept.flatMap {
            ScanUnit.parts(
                of: opened, rowGroup: $0.index, firstRow: $0.firstRow, rowCount: groups[$0.index].rowCount,
                atMost: parts)
        }
    }

    private func statistics(_ group: ParquetRowGroup, _ id: Int) -> ColumnStatistics? {
        scan.fields.first { $0.id == id }.flatMap { group.statistics($0) }.map { ColumnStatistics($0) }
    }

    func next() async throws -> Morsel? {
        guard let opening = opening.withLock({ $0 }) else { return nil }
        while true {
            if let limit = scan.limitHint, rowsGiven.load(ordering: .relaxed) >= limit { return nil }
            guard let unit = try await opening.queue.next(opening: { try await units(of: $0, opening) })
            else { return nil }
            try context.check()
            if let morsel = try await morsel(unit) { return morsel }
        }
    }

    /// Nil when no row is left.
    private func morsel(_ whole: ScanUnit) async throws -> Morsel? {
        let partners = partners.withLock { $0?.ifUseful }
        var unit = whole
        if let partners { unit.file = whole.file.laidOut(partners.layout) }
        return try await morsel(unit, partners)
    }

    private func morsel(_ unit: ScanUnit, _ partners: ScanPartners?) async throws -> Morsel? {
        let layout = unit.file.layout
        let rows = try await rows(of: unit)
        if rows.isEmpty { return nil }
        let allowance = try ReadAllowance(context.memory, file: unit.file.task.path.uri)
        if !unit.file.decidesFirst {
            let data = try await fetch(unit, scan.fields, rows, allowance)
            return Morsel { [self] emit in
                let decoder = try RowGroupDecoder(data, reserve: allowance.hold)
                while let batch = try next(decoder, unit, partners) {
                    guard let batch else { continue }
                    if try give(batch.kept, emit) == .finished { return }
                }
            }
        }
        let data = try await fetch(unit, unit.file.firstFields, rows, allowance)
        if layout.otherFields.isEmpty {
            return Morsel { [self] emit in
                let decoder = try RowGroupDecoder(data, reserve: allowance.hold)
                while let batch = try next(decoder, unit, partners) {
                    guard let batch else { continue }
                    if try give(layout.assemble(batch.kept, others: nil), emit) == .finished { return }
                }
            }
        }
        return try await lateMorsel(unit, partners, data, allowance)
    }

    /// The unit's rows that may match by the bounds of pages.
    private func rows(of unit: ScanUnit) async throws -> RowRanges {
        let all = RowRanges(unit.part)
        guard let predicate = predicate.withLock({ $0 }), predicate != .always, unit.rowCount > Batch.capacity
        else { return all }
        let found = try await PagePruning.rows(
            of: unit.file.file, rowGroup: unit.rowGroup, rowCount: unit.rowCount, predicate, scan.fields)
        guard let found else { return all }
        counters.readPageIndex()
        if unit.part.lowerBound == 0 { counters.foundPages(found.pages, skipped: found.skippedPages) }
        return found.rows.intersection(all)
    }

    /// The next batch with the rows that deletes and filter leave; `.some(nil)` when they leave none, nil at the end.
    private func next(
        _ decoder: RowGroupDecoder, _ unit: ScanUnit, _ partners: ScanPartners?
    ) throws -> (row: Int, kept: Batch)?? {
        let row = decoder.position
        guard let batch = try decoder.next() else { return nil }
        guard let live = unit.file.live(batch, firstRow: unit.firstRow + Int64(row)) else {
            return .some(nil)
        }
        var kept: Batch? = live
        if let filter = unit.file.layout.filter {
            kept = try context.evaluator.filter(live, where: filter)
        }
        if let partners { kept = kept.flatMap(partners.kept) }
        return .some(kept.map { (row, $0) })
    }

    /// Decides with the filter's and the deletes' columns first, then fetches the others.
    private func lateMorsel(
        _ unit: ScanUnit, _ partners: ScanPartners?, _ data: RowGroupData, _ allowance: ReadAllowance
    ) async throws -> Morsel? {
        let layout = unit.file.layout
        let decided = try await context.compute { [self] in
            let decoder = try RowGroupDecoder(data, reserve: allowance.hold)
            var decided: [DecidedRows] = []
            while let batch = try next(decoder, unit, partners) {
                try context.check()
                guard let batch else { continue }
                let rows = DecidedRows(batch.kept, startingAt: batch.row)
                try allowance.keep(rows.byteCount)
                decided.append(rows)
            }
            return decided
        }
        if decided.isEmpty {
            if unit.part.lowerBound == 0 { counters.skippedRowGroup() }
            return nil
        }
        try allowance.endReading()
        // Each batch is a range of its own, which the other columns' decoder gives whole or, where they are long, in parts.
        var rows = RowRanges()
        for part in decided { rows.append(part.rows, joining: false) }
        let rest = try await fetch(unit, layout.otherFields, rows, allowance)
        return Morsel { [self] emit in
            let decoder = try RowGroupDecoder(rest, reserve: allowance.hold)
            for part in decided {
                while decoder.position < part.rows.upperBound {
                    let rows = decoder.nextRows
                    guard rows.lowerBound >= part.rows.lowerBound, !rows.isEmpty else {
                        throw ExecutionError(.inconsistentPlan, "columns of one row group differ in length")
                    }
                    guard let kept = part.kept(of: rows) else {
                        _ = decoder.skip()
                        continue
                    }
                    guard let found = try decoder.next() else { return }
                    let firstRow = unit.firstRow + Int64(rows.lowerBound)
                    let others = layout.otherLineage.complete(found, of: unit.file.task, firstRow: firstRow)
                    if try give(layout.assemble(kept, others: others), emit) == .finished { return }
                }
            }
        }
    }

    private func fetch(
        _ unit: ScanUnit, _ fields: [Field], _ rows: RowRanges, _ allowance: ReadAllowance
    ) async throws -> RowGroupData {
        let data = try await unit.file.file.fetch(
            rowGroup: unit.rowGroup, fields: fields, rows: rows, reserve: allowance.fetch)
        counters.fetched(bytes: data.byteCount)
        return data
    }

    private func give(_ batch: Batch, _ emit: (Batch) throws -> Demand) throws -> Demand {
        rowsGiven.add(batch.rowCount, ordering: .relaxed)
        return try emit(batch)
    }
}
