import Plans

/// Moves limits below projections and unions, and tells scans how many rows are enough.
struct PushLimits: NodePass {
    let name = "push_limits"

    func rewritten(_ node: LogicalPlan) -> LogicalPlan { Self.push(node) }

    private static func push(_ node: LogicalPlan) -> LogicalPlan {
        guard case .limit(let window, let input) = node else { return node }
        switch input {
        case .limit(let inner, let source): return .limit(inner.then(window), source)
        case .project(let projection, let source):
            return .project(projection, push(.limit(window, source)))
        case .union(let inputs):
            guard let end = window.end else { return node }
            let parts = inputs.map { part -> LogicalPlan in
                if case .limit = part { return part }
                return push(.limit(RowWindow(count: end), part))
            }
            return .limit(window, .union(parts))
        case .scan(var scan):
            guard let end = window.end else { return node }
            scan.limitHint = min(end, scan.limitHint ?? end)
            return .limit(window, .scan(scan))
        default: return node
        }
    }
}

extension RowWindow {
    /// This window, then another over its rows.
    fileprivate func then(_ outer: RowWindow) -> RowWindow {
        let (start, isOverflow) = offset.addingReportingOverflow(outer.offset)
        let left = count.map { max(0, $0 - outer.offset) }
        let taken = [left, outer.count].compactMap { $0 }.min()
        return isOverflow ? RowWindow(offset: 0, count: 0) : RowWindow(offset: start, count: taken)
    }
}
