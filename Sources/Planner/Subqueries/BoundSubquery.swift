import Columnar
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
    /// Two with other parameters are two, also where the values happen to be equal.
    let parameters: [ParameterSyntax]
    let place: SourcePlace
}

/// A subquery as it is written: in one scope, two that are written alike have the same answer.
///
/// Their plans may differ. What is joined while they are bound carries numbers that are counted over the statement, and
/// columns are called as they were written.
struct WrittenSubquery: Hashable {
    let spelling: QuerySpelling
    /// Read exactly as it is written: names with another case may mean something else.
    let exactText: [UInt8]?
    /// The tables it reads, in its order: names that differ in case may be two tables.
    let tables: [String]
    /// The queries around it that draw random numbers, once for all who read them.
    let drawn: Set<Int>
    let form: BoundSubquery.Form
    /// Tells a query from `ARRAY` of it.
    let type: DataType
    let isInsideAggregate: Bool
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
