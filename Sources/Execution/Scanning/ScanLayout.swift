import Columnar
import Plans
import Tables

/// Which of a scan's columns the filter reads, and how both parts come together again.
struct ScanLayout: Sendable {
    let schema: Schema
    /// Over `filterFields`.
    let filter: Expression?
    let filterFields: [Field]
    let otherFields: [Field]
    /// Of all the scan's fields, and of `otherFields`.
    let lineage: RowLineage
    let otherLineage: RowLineage
    /// For each column of the scan: which part, and where in it.
    private let places: [(isFilter: Bool, index: Int)]

    /// Where a column of the scan stands in `filterFields`, as far as it is there.
    let filterPlaces: [Int: Int]

    /// - Parameter further: Columns that decide beside the filter's.
    init(_ scan: TableScan, deciding further: Set<Int> = []) {
        schema = scan.schema
        let used = (scan.filter?.columns ?? []).union(further).sorted()
        let position = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
        filterPlaces = position
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
        lineage = RowLineage(scan.fields)
        otherLineage = RowLineage(others)
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
