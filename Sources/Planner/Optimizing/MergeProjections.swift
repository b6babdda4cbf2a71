import Columnar
import Plans

/// Computes two projections in a row as one, and drops those that change nothing.
struct MergeProjections: NodePass {
    let name = "merge_projections"

    // The answer's names are the root's; inside, names do not matter.
    func rewritten(_ node: LogicalPlan) -> LogicalPlan { Self.merge(node) }

    private static func merge(_ node: LogicalPlan) -> LogicalPlan {
        guard case .project(let outer, let input) = node else { return node }
        if isIdentity(outer, over: input) { return input }
        guard case .project(let inner, let source) = input, isWorthMerging(outer, inner) else { return node }
        let expressions = outer.expressions.map { $0.substituted(inner.expressions) }
        return merge(.project(Projection(expressions, names: outer.names), source))
    }

    private static func isIdentity(_ projection: Projection, over input: LogicalPlan) -> Bool {
        let fields = input.schema.fields
        return fields.count == projection.expressions.count
            && projection.expressions.enumerated().allSatisfy { index, expression in
                if case .column(index, _) = expression { true } else { false }
            } && fields.map(\.name) == projection.names
    }

    /// Not when an expression would be computed more than once, or a volatile one in another place.
    private static func isWorthMerging(_ outer: Projection, _ inner: Projection) -> Bool {
        var uses = Array(repeating: 0, count: inner.expressions.count)
        for expression in outer.expressions {
            expression.walk { if case .column(let index, _) = $0 { uses[index] += 1 } }
        }
        return zip(inner.expressions, uses).allSatisfy { expression, count in
            if case .column = expression { return true }
            if case .literal = expression { return true }
            return count <= 1 && !expression.isVolatile
        }
    }
}

extension Expression {
    /// With the n-th of `sources` in place of column n; placeholders stay.
    func substituted(_ sources: [Expression]) -> Expression {
        rewritten { expression in
            guard case .column(let index, _) = expression, index < Placeholder.subquery else {
                return expression
            }
            return sources[index]
        }
    }

    /// How many expressions this is made of.
    var size: Int { children.reduce(1) { $0 + $1.size } }

    /// The size after `substituted`, without making it: `x + x` over `x + x` over … doubles each time.
    func substitutedSize(_ sourceSizes: [Int]) -> Int {
        if case .column(let index, _) = self { return sourceSizes[index] }
        return children.reduce(1) { sum, child in
            let (total, isOverflow) = sum.addingReportingOverflow(child.substitutedSize(sourceSizes))
            return isOverflow ? .max : total
        }
    }
}
