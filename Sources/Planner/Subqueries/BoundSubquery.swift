import Plans
import SQLSyntax

/// A subquery met in an expression, bound and not yet joined.
struct BoundSubquery: Hashable {
    enum Form: Hashable {
        /// The value of its only column in its only row; null without a row.
        case value
        /// Whether it has a row; never null.
        case exists
        /// Whether the condition holds for a row, else null when it is null for one, else false.
        ///
        /// The condition is over the columns around the subquery and, from `Placeholder.inner` on, its own.
        case any(Expression)
    }

    let form: Form
    let plan: LogicalPlan
    /// Columns around it that it reads, by their numbers.
    let outer: [Int: Expression]
    /// Whether it belongs to the rows of a group, not to the group.
    let isInsideAggregate: Bool
    let place: SourcePlace
}

extension LogicalPlan {
    /// Whether it can have no more than one row, whatever the data.
    var hasOneRowAtMost: Bool {
        switch self {
        case .values(let values): values.rows.count <= 1
        case .aggregate(let aggregation, _): aggregation.keys.isEmpty
        case .limit(let window, let input): (window.count ?? .max) <= 1 || input.hasOneRowAtMost
        case .filter(_, let input), .project(_, let input), .sort(_, let input): input.hasOneRowAtMost
        default: false
        }
    }
}
