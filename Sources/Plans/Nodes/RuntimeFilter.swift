import Columnar

/// Lets a scan drop rows that would find no partner in a join above it, once the join holds its keys.
///
/// A channel is named, not held: the join whose key gives it is somewhere above in the same plan. A join that holds no
/// whole table, because memory does not, gives nothing, and the scan then drops nothing.
package struct RuntimeFilter: Sendable, Hashable {
    /// One of `Join.channels`.
    package var channel: Int
    /// Of the scan's fields, the one whose values are looked for.
    package var column: Int

    package init(channel: Int, column: Int) {
        self.channel = channel
        self.column = column
    }
}

extension PhysicalPlan {
    /// With a runtime filter in the scan that a column comes from; nil when it comes from none, or rows may not go.
    package func withFilter(_ channel: Int, on column: Int) -> PhysicalPlan? {
        switch self {
        case .scan(var scan):
            if scan.limitHint != nil { return nil }
            scan.runtimeFilters.append(RuntimeFilter(channel: channel, column: column))
            return .scan(scan)
        case .filter(let condition, let input):
            return input.withFilter(channel, on: column).map { .filter(condition, $0) }
        case .project(let projection, let input):
            guard case .column(let index, _) = projection.expressions[column] else { return nil }
            return input.withFilter(channel, on: index).map { .project(projection, $0) }
        case .aggregate(let aggregation, let input):
            // A key's rows go together; without keys, or with groups of no rows, a group would stay that should go.
            guard aggregation.phase == .single, aggregation.rowsIfEmpty.isEmpty,
                aggregation.keys.indices.contains(column),
                case .column(let index, _) = aggregation.keys[column]
            else { return nil }
            return input.withFilter(channel, on: index).map { .aggregate(aggregation, $0) }
        case .sort(let keys, let input):
            return input.withFilter(channel, on: column).map { .sort(keys, $0) }
        case .join(let join, let left, let right):
            switch join.kind {
            case .semi, .anti: return left.withFilter(channel, on: column).map { .join(join, $0, right) }
            case .rightSemi, .rightAnti:
                return right.withFilter(channel, on: column).map { .join(join, left, $0) }
            case .inner, .left, .right, .mark, .single:
                let width = left.width
                if column < width {
                    if join.kind == .right { return nil }
                    return left.withFilter(channel, on: column).map { .join(join, $0, right) }
                }
                guard join.kind == .inner || join.kind == .right else { return nil }
                return right.withFilter(channel, on: column - width).map { .join(join, left, $0) }
            case .full: return nil
            }
        case .values, .window, .expand, .unnest, .recursion, .workingTable, .sharing, .shared, .topN, .limit,
            .union, .numberRows:
            return nil
        }
    }
}
