import Columnar
import Kernels
import Plans
import SQLSyntax

/// DISTINCT ON: the first row, in the order of ORDER BY, of those with equal keys.
struct DistinctOn {
    /// Where the keys stand among the values that are sorted.
    private let places: [Int]

    /// Nil for a SELECT without it. The keys become values of `sorting`.
    ///
    /// - Errors: `unlikeShape` unless ORDER BY begins with the keys, in any order: else no row would be the first.
    init?(
        _ select: SelectSyntax, _ sorting: inout SortBinding, _ list: SelectItems,
        binder: inout ExpressionBinder
    ) throws(PlannerError) {
        guard case .on(let keys) = select.distinct else { return nil }
        var places: [Int] = []
        for key in keys {
            let place = try sorting.place(of: key, list, clause: "DISTINCT ON", binder: &binder)
            if !places.contains(place) { places.append(place) }
        }
        let leading = sorting.keys.prefix(places.count).map { $0.expression.columns }
        guard leading.allSatisfy({ $0.isSubset(of: places) }) else {
            throw PlannerError(
                .unlikeShape, "ORDER BY begins with other values than DISTINCT ON has",
                at: keys.first?.position, hint: "write them first in ORDER BY")
        }
        self.places = places
    }

    func plan(over sorted: LogicalPlan) -> LogicalPlan {
        let fields = sorted.schema.fields
        let numbered = LogicalPlan.numberRows(
            places.map { .column($0, fields[$0].type) }, sorted)
        let isFirst = Expression.call(
            .equal, [.column(fields.count, .long), .literal(.long(1), .long)], .boolean)
        return LogicalPlan.filter(isFirst, numbered).reordered(Array(fields.indices))
    }
}
