import Columnar
import Kernels
import Plans

/// Conditions on single inputs that follow from those on several: they drop rows before the join.
struct JoinInference {
    private let region: JoinRegion
    private let classes: ColumnClasses

    init(_ region: JoinRegion, _ classes: ColumnClasses) {
        self.region = region
        self.classes = classes
    }

    /// For each leaf what holds of its rows, over its own columns, and is not said there yet.
    func conditions() -> [[Expression]] {
        var found = [[Expression]](repeating: [], count: region.leaves.count)
        func add(_ term: Expression, to leaf: Int) {
            let own = term.remapped { $0 - region.starts[leaf] }
            let known = Self.constraints(region.leaves[leaf])
            if !known.contains(own), !found[leaf].contains(own) { found[leaf].append(own) }
        }
        // What is said of a column holds of all its equals.
        for (leaf, plan) in region.leaves.enumerated() {
            for term in Self.constraints(plan) where term.columns.count == 1 && Self.isSimple(term) {
                guard let column = term.columns.first.map({ $0 + region.starts[leaf] }) else { continue }
                for other in classes.classes.first(where: { $0.contains(column) }) ?? [] where other != column
                {
                    add(term.remapped { _ in other }, to: region.leaf(of: other))
                }
            }
        }
        // Of an OR, what each branch asks of one leaf alone.
        for condition in classes.others {
            guard case .call(.or, let branches, _) = condition.unlocated, !condition.isVolatile else {
                continue
            }
            for leaf in region.leaves.indices {
                let parts = branches.map { branch in
                    branch.conjuncts.filter {
                        region.leaves(of: $0) == 1 << UInt64(leaf) && Self.isSimple($0)
                    }
                }
                guard !parts.contains(where: \.isEmpty), region.leaves(of: condition) != 1 << UInt64(leaf)
                else { continue }
                add(.call(.or, parts.compactMap { Expression.conjunction($0) }, .boolean), to: leaf)
            }
        }
        return found
    }

    /// What holds of every row of a plan, over its columns.
    private static func constraints(_ plan: LogicalPlan) -> [Expression] {
        switch plan {
        case .scan(let scan): return scan.filter?.conjuncts ?? []
        case .filter(let condition, let input): return condition.conjuncts + constraints(input)
        case .project(let projection, let input):
            var places: [Int: Int] = [:]
            for (place, expression) in projection.expressions.enumerated() {
                if case .column(let index, _) = expression { places[index] = place }
            }
            return constraints(input).filter { $0.columns.allSatisfy { places[$0] != nil } }
                .map { term in term.remapped { places[$0] ?? 0 } }
        default: return []
        }
    }

    /// Comparisons with constants: cheap, and without a fault on rows nobody asked about.
    private static func isSimple(_ term: Expression) -> Bool {
        switch term.unlocated {
        case .inList(let value, _, _): return isColumn(value)
        case .call(let function, let arguments, _):
            switch function {
            case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .like:
                return arguments.allSatisfy { isColumn($0) || $0.literalValue != nil }
            case .or, .and: return arguments.allSatisfy(isSimple)
            default: return false
            }
        default: return false
        }
    }

    private static func isColumn(_ expression: Expression) -> Bool {
        if case .column = expression.unlocated { true } else { false }
    }
}
