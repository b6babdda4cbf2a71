package import Columnar

/// The rows of a query that is computed once, as one of its readers sees them.
///
///     Sharing: ids=[1, 2]
///       (query 1)
///       (query 2, which may read 1)
///       (body, which reads 1 and 2 wherever and as often as it likes)
///
/// Two computations of one query may differ: sums of doubles by the order of their rows, `random()` always. Places that
/// must see the same rows read them shared. What happens to a plan around a reader reaches no further: the query is
/// optimised by itself.
package struct SharedRows: Sendable, Hashable {
    package var id: Int
    package var schema: Schema
    /// About how many there are, and whether all tables told; for planning alone.
    package var estimatedRowCount = 1
    package var isEstimateKnown = false

    package init(id: Int, schema: Schema) {
        self.id = id
        self.schema = schema
    }
}

extension PhysicalPlan {
    /// The shared queries that are read somewhere in it.
    package var sharedIDs: Set<Int> {
        if case .shared(let rows) = self { return [rows.id] }
        return inputs.reduce(into: []) { $0.formUnion($1.sharedIDs) }
    }
}
