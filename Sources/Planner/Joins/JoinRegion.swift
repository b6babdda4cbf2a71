import Columnar
import Kernels
import Plans

/// Inner joins that stand on each other, taken apart: inputs in any order, and all that is asked of their rows.
///
///     a ⋈ (b ⋈ c)       leaves a, b, c; columns counted through all of them
struct JoinRegion {
    private(set) var leaves: [LogicalPlan] = []
    /// The first column of each leaf.
    private(set) var starts: [Int] = []
    /// Over the columns of all leaves.
    private(set) var conditions: [Expression] = []
    private(set) var types: [DataType] = []

    init(_ plan: LogicalPlan) { collect(plan) }

    private mutating func collect(_ plan: LogicalPlan) {
        switch plan {
        case .join(.inner, let condition, let left, let right) where Self.isInnerJoin(plan):
            let base = types.count
            collect(left)
            collect(right)
            add(condition, base)
        case .filter(let condition, let input) where !condition.isVolatile && Self.isInnerJoin(input):
            let base = types.count
            collect(input)
            add(condition, base)
        default:
            leaves.append(plan)
            starts.append(types.count)
            types += plan.schema.fields.map(\.type)
        }
    }

    static func isInnerJoin(_ plan: LogicalPlan) -> Bool {
        switch plan {
        case .join(.inner, let condition, _, _): condition?.isVolatile != true
        case .filter(let condition, let input): !condition.isVolatile && isInnerJoin(input)
        default: false
        }
    }

    private mutating func add(_ condition: Expression?, _ base: Int) {
        conditions += (condition?.conjuncts ?? []).map { term in term.remapped { $0 + base } }
    }

    /// The leaf a column belongs to.
    func leaf(of column: Int) -> Int { (starts.lastIndex { $0 <= column }) ?? 0 }

    /// The leaves whose columns an expression reads, a bit each.
    func leaves(of expression: Expression) -> UInt64 {
        expression.columns.reduce(0) { $0 | 1 << UInt64(leaf(of: $1)) }
    }

    mutating func replaceLeaf(_ index: Int, with plan: LogicalPlan) { leaves[index] = plan }
}

/// Columns that are equal in every row of a region: `a = b` and `b = c` put all three together.
struct ColumnClasses {
    /// Members of each class, ascending; two or more.
    private(set) var classes: [[Int]] = []
    /// The conditions that were no equality of columns.
    private(set) var others: [Expression] = []

    init(_ region: JoinRegion) {
        var parent = Array(region.types.indices)
        func root(_ column: Int) -> Int {
            var column = column
            while parent[column] != column { column = parent[column] }
            return column
        }
        for condition in region.conditions {
            guard case .call(.equal, let sides, _) = condition.unlocated, sides.count == 2,
                case .column(let left, let type) = sides[0].unlocated,
                case .column(let right, type) = sides[1].unlocated, left != right, !type.isNested
            else {
                others.append(condition)
                continue
            }
            parent[max(root(left), root(right))] = min(root(left), root(right))
        }
        var members: [Int: [Int]] = [:]
        for column in region.types.indices { members[root(column), default: []].append(column) }
        classes = members.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
    }
}
