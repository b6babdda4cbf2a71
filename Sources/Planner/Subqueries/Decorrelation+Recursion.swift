import Columnar
import Kernels
import Plans

/// WITH RECURSIVE that reads outer columns.
extension Decorrelation {
    /// One recursion runs for all outer rows together: its rows carry the outer values they belong to.
    func push(
        _ recursion: Recursion, _ base: LogicalPlan, _ step: LogicalPlan
    ) throws(PlannerError) -> Part {
        let fields = base.schema.fields
        var seen = Set<Int>()
        let read = numbers(in: base, seen: &seen).union(numbers(in: step, seen: &seen))
        let all = read.union(read.compactMap { identities[$0] }).sorted()
        // Only from where outer rows start: with all starts that an equality finds it might never end.
        var start = try pushPresent(base)
        let places = try settleByDomain(&start, all)
        around.carry(all, in: recursion.id)
        var round = try pushPresent(step)
        let values = try settle(&round, Set(all))
        var next = round.plan.carrying(all, values, behind: fields)
        // An outer row's own recursion ends with a round that gives no row of its: a step may give one for nothing.
        let last = part(of: WorkingTable(id: recursion.id, schema: Schema(fields))).plan
        let width = fields.count + all.count
        let same = all.indices.map { index -> Expression in
            let type = last.schema.fields[fields.count + index].type
            return .call(
                .isNotDistinctFrom,
                [.column(fields.count + index, type), .column(width + fields.count + index, type)], .boolean)
        }
        next = .join(.semi, Expression.conjunction(same), next, last)
        let plan = LogicalPlan.recursion(
            recursion, base: start.plan.carrying(all, places, behind: fields),
            step: context.shared.closed(next, over: recursion.id))
        return Part(plan: plan, ties: ties(all, behind: fields.count))
    }

    /// Of each row the outer values it carries.
    func part(of table: WorkingTable) -> Part {
        let numbers = around.workingTables[table.id] ?? []
        var wider = table
        wider.schema = Schema(
            table.schema.fields + numbers.map { Field("outer\($0)", outer[$0]?.type ?? .null) })
        return Part(plan: .workingTable(wider), ties: ties(numbers, behind: table.schema.count))
    }

    /// The outer numbers that are read anywhere in the plan.
    private func numbers(in plan: LogicalPlan, seen: inout Set<Int>) -> Set<Int> {
        var found = Set<Int>()
        plan.visitExpressions { found.formUnion(numbers(in: $0)) }
        var inputs = plan.inputs
        switch plan {
        case .workingTable(let table): found.formUnion(around.workingTables[table.id] ?? [])
        case .shared(let rows) where seen.insert(rows.id).inserted: inputs = [context.shared[rows]]
        default: break
        }
        for input in inputs { found.formUnion(numbers(in: input, seen: &seen)) }
        return found
    }
}
