import Columnar

/// Prints plans: one node a line, two spaces a level, keys in fixed order, nothing volatile.
enum PlanText {
    static func scan(_ scan: TableScan) -> String {
        var text =
            "Scan: table=\(scan.qualifiedName), fields=[\(scan.fields.map(\.name).joined(separator: ", "))]"
        if scan.snapshotID == nil { text += ", snapshot=none" }
        if let filter = scan.filter { text += ", filter=\(filter.text(over: scan.schema))" }
        if !scan.runtimeFilters.isEmpty {
            let filters = scan.runtimeFilters.map { "\(scan.fields[$0.column].name) in #\($0.channel)" }
            text += ", partners=[\(list(filters))]"
        }
        if let limit = scan.limitHint { text += ", limit=\(limit)" }
        return text + expected(scan.expectedRowCount)
    }

    private static func expected(_ rows: Int?) -> String { rows.map { ", rows≈\($0)" } ?? "" }

    static func recursion(_ recursion: Recursion) -> String {
        "Recursion: id=\(recursion.id)" + (recursion.isDistinct ? ", distinct" : "")
    }

    static func values(_ values: ValueRows) -> String {
        values == .oneRow ? "OneRow" : "Values: columns=\(values.schema.count), rows=\(values.rows.count)"
    }

    static func filter(_ condition: Expression, over input: Schema) -> String {
        "Filter: \(condition.text(over: input))"
    }

    static func project(_ projection: Projection, over input: Schema) -> String {
        let items = zip(projection.expressions, projection.names).map { expression, name in
            let text = expression.text(over: input)
            return text == name ? text : "\(text) as \(name)"
        }
        return "Project: \(items.joined(separator: ", "))"
    }

    static func aggregate(_ aggregation: Aggregation, over input: Schema) -> String {
        var parts: [String] = []
        if aggregation.phase != .single { parts.append("phase=\(aggregation.phase.rawValue)") }
        if !aggregation.keys.isEmpty {
            parts.append("keys=[\(list(aggregation.keys.map { $0.text(over: input) }))]")
        }
        if !aggregation.calls.isEmpty {
            parts.append("calls=[\(list(aggregation.calls.map { $0.text(over: input) }))]")
        }
        return "Aggregate: " + list(parts)
    }

    static func sort(_ keys: [SortKey], over input: Schema) -> String {
        "Sort: " + list(keys.map { $0.text(over: input) })
    }

    static func limit(_ window: RowWindow) -> String {
        var parts: [String] = []
        if window.offset > 0 { parts.append("offset=\(window.offset)") }
        if let count = window.count { parts.append("count=\(count)") }
        return "Limit: " + list(parts)
    }

    static func topN(_ keys: [SortKey], _ window: RowWindow, keepsTies: Bool, over input: Schema) -> String {
        let count = "count=\(window.count ?? 0)" + (keepsTies ? ", ties" : "")
        let rows = window.offset > 0 ? "offset=\(window.offset), \(count)" : count
        return "TopN: \(rows), keys=[\(list(keys.map { $0.text(over: input) }))]"
    }

    static func join(_ kind: JoinKind, _ condition: Expression?, _ schema: Schema) -> String {
        "Join: kind=\(kind.rawValue)" + (condition.map { ", on=\($0.text(over: schema))" } ?? "")
    }

    static func join(_ join: Join, _ left: Schema, _ right: Schema) -> String {
        var parts = ["kind=\(join.kind.rawValue)"]
        if !join.leftKeys.isEmpty {
            let keys = join.leftKeys.indices.map { index in
                let sign = join.nullsMatch[index] ? "is not distinct from" : "="
                let channel = join.channels.isEmpty ? nil : join.channels[index]
                return
                    "\(join.leftKeys[index].text(over: left)) \(sign) \(join.rightKeys[index].text(over: right))"
                    + (channel.map { " as #\($0)" } ?? "")
            }
            parts.append("keys=[\(list(keys))]")
        }
        if let residual = join.residual {
            parts.append("filter=\(residual.text(over: Join.pairSchema(left, right)))")
        }
        if let membership = join.membership {
            parts.append("in=\(membership.left.text(over: left)) = \(membership.right.text(over: right))")
        }
        return (join.leftKeys.isEmpty && join.membership == nil ? "NestedLoopJoin: " : "HashJoin: ")
            + list(parts) + expected(join.expectedRowCount)
    }

    static func numberRows(_ keys: [Expression], over input: Schema) -> String {
        "RowNumbers: keys=[\(list(keys.map { $0.text(over: input) }))]"
    }

    private static func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }
}

extension LogicalPlan: CustomStringConvertible {
    /// What stands on the node's own line.
    package var line: String {
        switch self {
        case .values(let values): PlanText.values(values)
        case .scan(let scan): PlanText.scan(scan)
        case .filter(let condition, let input): PlanText.filter(condition, over: input.schema)
        case .project(let projection, let input): PlanText.project(projection, over: input.schema)
        case .aggregate(let aggregation, let input): PlanText.aggregate(aggregation, over: input.schema)
        case .window(let windowing, let input): windowing.text(over: input.schema)
        case .expand(let expansion, let input): expansion.text(over: input.schema)
        case .unnest(let unnesting, let input): unnesting.text(over: input.schema)
        case .recursion(let recursion, _, _): PlanText.recursion(recursion)
        case .workingTable(let table): "WorkingTable: id=\(table.id)"
        case .sharing(let ids, _, _): "Sharing: ids=\(ids)"
        case .shared(let rows): "Shared: id=\(rows.id)"
        case .sort(let keys, let input): PlanText.sort(keys, over: input.schema)
        case .limit(let window, _): PlanText.limit(window)
        case .union(let inputs): "Union: inputs=\(inputs.count)"
        case .join(let kind, let condition, let left, let right):
            PlanText.join(kind, condition, Join.pairSchema(left.schema, right.schema))
        case .numberRows(let keys, let input): PlanText.numberRows(keys, over: input.schema)
        }
    }

    package var description: String { lines(level: 0).joined(separator: "\n") }

    private func lines(level: Int) -> [String] {
        [String(repeating: "  ", count: level) + line] + inputs.flatMap { $0.lines(level: level + 1) }
    }
}

extension PhysicalPlan: CustomStringConvertible {
    /// What stands on the node's own line.
    package var line: String {
        switch self {
        case .values(let values): PlanText.values(values)
        case .scan(let scan): PlanText.scan(scan)
        case .filter(let condition, let input): PlanText.filter(condition, over: input.schema)
        case .project(let projection, let input): PlanText.project(projection, over: input.schema)
        case .aggregate(let aggregation, let input): PlanText.aggregate(aggregation, over: input.schema)
        case .window(let windowing, let input): windowing.text(over: input.schema)
        case .expand(let expansion, let input): expansion.text(over: input.schema)
        case .unnest(let unnesting, let input): unnesting.text(over: input.schema)
        case .recursion(let recursion, _, _): PlanText.recursion(recursion)
        case .workingTable(let table): "WorkingTable: id=\(table.id)"
        case .sharing(let ids, _, _): "Sharing: ids=\(ids)"
        case .shared(let rows): "Shared: id=\(rows.id)"
        case .sort(let keys, let input): PlanText.sort(keys, over: input.schema)
        case .topN(let keys, let offset, let count, let keepsTies, let input):
            PlanText.topN(
                keys, RowWindow(offset: offset, count: count), keepsTies: keepsTies, over: input.schema)
        case .limit(let window, _): PlanText.limit(window)
        case .union(let inputs): "Union: inputs=\(inputs.count)"
        case .join(let join, let left, let right): PlanText.join(join, left.schema, right.schema)
        case .numberRows(let keys, let input): PlanText.numberRows(keys, over: input.schema)
        }
    }

    package var description: String { lines(level: 0).joined(separator: "\n") }

    private func lines(level: Int) -> [String] {
        [String(repeating: "  ", count: level) + line] + inputs.flatMap { $0.lines(level: level + 1) }
    }
}
