import Columnar
import Faults
import Plans
import SQLSyntax

/// Tables, views and known rows in FROM.
extension QueryBinder {
    /// What a name that WITH does not give stands for.
    mutating func stored(_ table: NamedTableSyntax) throws(PlannerError) -> (LogicalPlan, Scope) {
        let reference = TableReference(table.name, version: table.version)
        guard let source = context.tables[reference] else {
            throw PlannerError(
                .unknownTable, "there is no such table", ["table": "\(table.name)"], at: table.name.position,
                hint: NameMatch.hint(table.name.last.text, among: commonNames))
        }
        switch source {
        case .table(let source):
            var scan = TableScan(
                warehouse: source.warehouse, namespace: source.namespace, table: source.name,
                metadataLocation: source.metadataLocation, snapshotID: source.snapshotID,
                fields: source.fields + source.hiddenFields)
            scan.estimatedRowCount = source.estimatedRowCount
            scan.statistics = source.statistics
            let scope = try Scope(
                scan.schema, fullName: source.namespace + [source.name], alias: table.alias,
                hidden: source.hiddenFields.count)
            return (.scan(scan), scope)
        case .rows(let source):
            let rows = ValueRows(schema: source.schema, rows: source.rows)
            return (.values(rows), try Scope(source.schema, fullName: source.fullName, alias: table.alias))
        case .view(let view):
            let plan: LogicalPlan
            do {
                plan = try expand(view, at: table.name.position)
            } catch {
                throw PlannerError(
                    .brokenView, "the view cannot be read: \(error.message)", ["view": "\(table.name)"],
                    at: table.name.position, hint: "see SHOW CREATE VIEW \(table.name)", cause: error)
            }
            return (plan, try Scope(plan.schema, fullName: view.fullName, alias: table.alias))
        }
    }

    /// The view's query with the columns the view promises, or wider ones where the tables' have become wider.
    private mutating func expand(
        _ view: SourceView, at position: TextPosition
    ) throws(PlannerError) -> LogicalPlan {
        // Parameters are the reader's, not the view's.
        let inner = BinderContext(
            settings: context.settings, parameters: [], tables: view.tables, counts: context.counts,
            shared: context.shared)
        var binder = QueryBinder(inner)
        let plan = try binder.bind(view.query)
        context.counts.add(nodes: 1)
        let found = plan.schema.fields
        guard found.count == view.fields.count else {
            throw PlannerError(
                .unlikeShape, "its query gives another number of columns than it has",
                ["query": found.count, "view": view.fields.count], at: nil)
        }
        try refuseMovedStar(view, found)
        var columns: [Expression] = []
        for (index, (given, wanted)) in zip(found, view.fields).enumerated() {
            columns.append(
                try context.coercion.coerce(
                    .column(index, given.type), to: PromisedType.of(wanted.type, givenBy: given.type),
                    at: position, for: "its column \(Identifier(wanted.name))"))
        }
        return .project(Projection(columns, names: view.fields.map(\.name)), plan)
    }

    /// A view that another engine made may have kept its star, which stands for the table's columns in their order of today.
    ///
    /// A view may give columns names of its own. That they moved is sure where one it promises now stands in another place.
    private func refuseMovedStar(_ view: SourceView, _ found: [Field]) throws(PlannerError) {
        guard view.query.body.hasStar else { return }
        let given = found.map { $0.name.lowercased() }
        let promised = view.fields.map { $0.name.lowercased() }
        let hasMoved = zip(given, promised).contains { $0 != $1 && given.contains($1) }
        guard hasMoved else { return }
        throw PlannerError(
            .unlikeShape, "the * in its query stands for other columns than when it was made",
            [
                "query": found.map(\.name).joined(separator: ", "),
                "view": view.fields.map(\.name).joined(separator: ", "),
            ],
            at: nil)
    }
}
