import Columnar
import Kernels
import Plans

/// Orders inner joins by how many rows their inputs have, and puts the smaller side where it is held.
struct OrderJoins: OptimizerPass {
    let name = "order_joins"

    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan {
        try ordered(plan, interruption)
    }

    /// Top down, so that a region is taken whole.
    private func ordered(
        _ plan: LogicalPlan, _ interruption: Interruption
    ) throws(PlannerError) -> LogicalPlan {
        try interruption.check()
        guard JoinRegion.isInnerJoin(plan), case var region = JoinRegion(plan),
            region.leaves.count <= JoinOrder.leafLimit
        else {
            var inputs: [LogicalPlan] = []
            for input in plan.inputs { inputs.append(try ordered(input, interruption)) }
            return inputs.isEmpty ? plan : plan.withInputs(inputs)
        }
        for index in region.leaves.indices {
            region.replaceLeaf(index, with: try ordered(region.leaves[index], interruption))
        }
        let classes = ColumnClasses(region)
        for (index, conditions) in JoinInference(region, classes).conditions().enumerated() {
            guard let condition = Expression.conjunction(conditions) else { continue }
            region.replaceLeaf(index, with: .filter(condition, region.leaves[index]))
        }
        var builder = JoinBuilder(region: region, classes: classes)
        let (joined, columns) = builder.build(JoinOrder(region, classes).best())
        let rest = Expression.conjunction(builder.leftover.map { term in term.remapped { columns[$0] ?? 0 } })
        let filtered = rest.map { LogicalPlan.filter($0, joined) } ?? joined
        let fields = plan.schema.fields
        return .project(
            Projection(
                fields.enumerated().map { .column(columns[$0] ?? 0, $1.type) }, names: fields.map(\.name)),
            filtered)
    }
}

/// Makes the joins of a chosen tree, each with the conditions that it is the first to have all columns of.
private struct JoinBuilder {
    let region: JoinRegion
    /// Conditions not yet placed; what no join could take stays.
    private(set) var leftover: [Expression]
    private let classes: [[Int]]

    init(region: JoinRegion, classes: ColumnClasses) {
        self.region = region
        self.classes = classes.classes
        leftover = classes.others
    }

    /// A plan, and where each of the region's columns stands in it.
    mutating func build(_ tree: JoinOrder.Tree) -> (LogicalPlan, [Int: Int]) {
        switch tree {
        case .leaf(let index):
            let plan = region.leaves[index]
            let start = region.starts[index]
            let places = plan.schema.fields.indices.map { (start + $0, $0) }
            return (
                withEqualities(plan, start..<start + places.count), Dictionary(uniqueKeysWithValues: places)
            )
        case .join(let left, let right):
            let (leftPlan, leftColumns) = build(left)
            let (rightPlan, rightColumns) = build(right)
            let width = leftPlan.width
            let columns = leftColumns.merging(rightColumns.mapValues { $0 + width }) { first, _ in first }
            var terms: [Expression] = []
            for members in classes {
                guard let first = members.first(where: { leftColumns[$0] != nil }),
                    let second = members.first(where: { rightColumns[$0] != nil })
                else { continue }
                let sides = [first, second].map { Expression.column(columns[$0] ?? 0, region.types[$0]) }
                terms.append(.call(.equal, sides, .boolean))
            }
            let fitting = leftover.filter {
                $0.columns.allSatisfy { columns[$0] != nil } && !$0.columns.isEmpty
            }
            leftover.removeAll { fitting.contains($0) }
            terms += fitting.map { term in term.remapped { columns[$0] ?? 0 } }
            return (.join(.inner, Expression.conjunction(terms), leftPlan, rightPlan), columns)
        }
    }

    /// Two members of a class in one leaf are equal there.
    private func withEqualities(_ plan: LogicalPlan, _ range: Range<Int>) -> LogicalPlan {
        var terms: [Expression] = []
        for members in classes {
            let own = members.filter { range.contains($0) }
            for (first, second) in zip(own, own.dropFirst()) {
                let sides = [first, second].map { Expression.column($0 - range.lowerBound, region.types[$0]) }
                terms.append(.call(.equal, sides, .boolean))
            }
        }
        return Expression.conjunction(terms).map { .filter($0, plan) } ?? plan
    }
}
