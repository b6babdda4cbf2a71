import Columnar
import Iceberg
import Kernels
import Plans

/// What joins above told a scan: which values of its columns find a partner.
struct ScanPartners: Sendable {
    private let filters: [(column: Int, filter: HeldFilter)]
    /// With the filters' columns among those that decide.
    let layout: ScanLayout
    /// The ranges that the values lie in, to skip files, row groups and pages.
    let bounds: [Predicate]

    /// Nil when nothing was told.
    init?(_ scan: TableScan, _ channels: FilterChannels) {
        var filters: [(column: Int, filter: HeldFilter)] = []
        var bounds: [Predicate] = []
        for wanted in scan.runtimeFilters {
            guard let filter = channels[wanted.channel] else { continue }
            filters.append((wanted.column, filter))
            guard let range = filter.keys.bounds else {
                bounds.append(.never)
                continue
            }
            guard let id = scan.fields[wanted.column].id else { continue }
            bounds.append(.compare(fieldID: id, .greaterOrEqual, range.least))
            bounds.append(.compare(fieldID: id, .lessOrEqual, range.most))
        }
        if filters.isEmpty { return nil }
        self.filters = filters
        self.bounds = bounds
        layout = ScanLayout(scan, deciding: Set(filters.map(\.column)))
    }

    /// Nil when no filter drops enough rows to be worth looking at its column first.
    var ifUseful: ScanPartners? { filters.contains { $0.filter.isUseful } ? self : nil }

    /// The rows of a batch of `layout.filterFields` that every useful filter lets pass; nil when none is left.
    func kept(_ batch: Batch) -> Batch? {
        var batch = batch
        for (column, filter) in filters where filter.isUseful {
            guard let place = layout.filterPlaces[column] else { continue }
            let rows = filter.rows(of: batch.columns[place], among: batch.selection)
            if rows.isEmpty { return nil }
            batch = batch.selecting(rows)
        }
        return batch
    }
}
