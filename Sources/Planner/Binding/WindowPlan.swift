import Columnar
import Plans

/// Puts window functions into nodes, one for each partition and order, and finds where their columns stand.
struct WindowPlan {
    private(set) var plan: LogicalPlan
    /// For each window in the binder's order.
    private var places: [Int] = []

    init(_ windows: [BoundWindow], over input: LogicalPlan) {
        plan = input
        let inputSchema = input.schema
        // Only now: a constant may have been a key that a grouping set leaves out.
        let windows = windows.map { $0.withoutConstantPartitions }
        places = Array(repeating: 0, count: windows.count)
        var groups: [[Int]] = []
        for index in windows.indices {
            let known = groups.firstIndex {
                windows[$0[0]].partition == windows[index].partition
                    && windows[$0[0]].order == windows[index].order
            }
            if let known { groups[known].append(index) } else { groups.append([index]) }
        }
        // Longer orders first: what they sorted serves the shorter ones.
        let length: ([Int]) -> Int = { windows[$0[0]].partition.count + windows[$0[0]].order.count }
        for group in groups.enumerated().sorted(by: {
            (length($1.element), $0.offset) < (length($0.element), $1.offset)
        }).map(\.element) {
            let first = windows[group[0]]
            let width = plan.width
            for (offset, index) in group.enumerated() { places[index] = width + offset }
            plan = .window(
                Windowing(
                    partition: first.partition, order: first.order, calls: group.map { windows[$0].call },
                    names: group.map { windows[$0].call.text(over: inputSchema) }), plan)
        }
    }

    /// The expression with the columns of window functions in their places.
    func bind(_ expression: Expression) -> Expression {
        expression.remapped { index in
            guard (ExpressionBinder.windowBase..<ExpressionBinder.unnestBase).contains(index) else {
                return index
            }
            return places[index - ExpressionBinder.windowBase]
        }
    }
}

extension BoundWindow {
    fileprivate var withoutConstantPartitions: BoundWindow {
        var window = self
        window.partition.removeAll(where: \.isConstant)
        return window
    }
}
