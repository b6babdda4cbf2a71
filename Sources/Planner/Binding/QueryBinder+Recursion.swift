import Columnar
import Plans
import SQLSyntax

/// WITH RECURSIVE.
extension QueryBinder {
    /// The plan of a table of WITH RECURSIVE; nil when it does not read itself.
    mutating func bindRecursive(_ table: QuerySyntax.CommonTable) throws(PlannerError) -> LogicalPlan? {
        guard readsItself(table) else { return nil }
        let position = table.query.position
        guard case .combined(.union, let isAll, let left, let right) = table.query.body else {
            throw PlannerError(
                .unsupported, "a recursive query is a UNION of a start and a step",
                ["table": table.name.text], at: position)
        }
        guard table.query.order.isEmpty, table.query.limit == nil, table.query.offset == nil,
            table.query.commonTables.isEmpty
        else {
            throw .unsupported(
                "ORDER BY, LIMIT or WITH in a recursive query", at: position,
                hint: "put it into the query that reads the recursive one")
        }
        var base = try bind(left)
        if !table.columns.isEmpty { base = try renamed(base, table.columns, what: "WITH") }
        let id = context.counts.nextRecursion()
        // Types of NULL literals are text, and no column of a round is required.
        let fields = base.schema.fields.map { Field($0.name, $0.type == .null ? .string : $0.type) }
        let types = fields.map(\.type)
        base = cast(base, to: types, names: fields.map(\.name))
        context.commonTables.append(
            BinderContext.CommonTable(
                name: table.name.text, plan: .workingTable(WorkingTable(id: id, schema: Schema(fields))),
                nodeCount: 1))
        defer { context.commonTables.removeLast() }
        let step = try bind(right)
        guard step.schema.count == fields.count else {
            throw PlannerError(
                .unlikeShape, "the sides of UNION have unlike numbers of columns",
                ["left": fields.count, "right": step.schema.count], at: position)
        }
        for (field, other) in zip(fields, step.schema.fields)
        where !Coercion.isImplicit(other.type, to: field.type) {
            throw PlannerError(
                .typeMismatch,
                "the step of a recursive query gives \(other.type) where its start gives \(field.type)",
                ["column": field.name], at: position, hint: "convert the start with CAST")
        }
        return context.counts.known(
            Recursion(id: id, isDistinct: !isAll), base: base,
            step: context.shared.closed(cast(step, to: types, names: fields.map(\.name)), over: id))
    }

    func readsItself(_ table: QuerySyntax.CommonTable) -> Bool {
        var collector = TableNameCollector()
        collector.visit(table.query)
        return collector.references.map(\.name).contains {
            $0.parts.count == 1 && $0.last.text.lowercased() == table.name.text.lowercased()
        }
    }
}
