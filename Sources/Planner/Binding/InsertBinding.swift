package import Columnar
import Plans
package import SQLSyntax

extension Planner {
    /// Plans the rows of an INSERT as the table takes them: one column for each of `fields`, in order.
    ///
    /// `insert.columns` says where the query's columns go; what it leaves out gets its default, by field id, or NULL.
    ///
    /// - Errors: `PLA-…`: an unknown or repeated column, another number of columns, a type that does not fit, a required
    ///   column left out.
    package func plan(
        _ insert: InsertSyntax, into fields: [Field], defaults: [Int: Scalar] = [:], tables: TableCatalogue
    ) throws(PlannerError) -> Result {
        let binding = try InsertBinding(insert, fields, defaults)
        return try finish(try binding.bind(insert, self, tables))
    }
}

/// Brings a query's columns into the shape of a table.
private struct InsertBinding {
    let fields: [Field]
    /// For each field the query's column it is read from.
    let sources: [Int?]
    /// For each column of the query the field it goes to.
    let targets: [Field]
    let defaults: [Int: Scalar]

    init(_ insert: InsertSyntax, _ fields: [Field], _ defaults: [Int: Scalar]) throws(PlannerError) {
        self.fields = fields
        self.defaults = defaults
        let names = fields.map(\.name)
        if insert.columns.isEmpty, !insert.hasDefaultValues {
            sources = fields.indices.map { $0 }
            targets = fields
            return
        }
        var sources = [Int?](repeating: nil, count: fields.count)
        var targets: [Field] = []
        for (index, column) in insert.columns.enumerated() {
            switch NameMatch.find(column.text, among: names) {
            case .found(let place):
                if sources[place] != nil {
                    throw PlannerError(
                        .unlikeShape, "INSERT names a column twice", ["column": "\(column)"],
                        at: column.position)
                }
                sources[place] = index
                targets.append(fields[place])
            case .ambiguous:
                throw PlannerError(
                    .ambiguousColumn, "several columns have this name", ["column": "\(column)"],
                    at: column.position)
            case .missing:
                throw PlannerError(
                    .unknownColumn, "the table has no such column",
                    ["column": "\(column)", "table": "\(insert.target)"], at: column.position,
                    hint: NameMatch.hint(column.text, among: names))
            }
        }
        for (field, source) in zip(fields, sources)
        where field.isRequired && source == nil && field.id.flatMap({ defaults[$0] }) == nil {
            throw PlannerError(
                .unlikeShape, "INSERT leaves out a column that takes no NULL",
                ["column": "\(Identifier(field.name))"],
                at: insert.columns.first?.position ?? insert.source.position)
        }
        self.sources = sources
        self.targets = targets
    }

    func bind(
        _ insert: InsertSyntax, _ planner: Planner, _ tables: TableCatalogue
    ) throws(PlannerError) -> LogicalPlan {
        let context = BinderContext(
            settings: planner.settings, parameters: planner.parameters, tables: tables)
        let rows: LogicalPlan
        if insert.hasDefaultValues {
            rows = .values(.oneRow)
        } else if case .values(let values) = insert.source.body, insert.source.isBare {
            try check(values[0].count, insert, at: values[0].first?.position)
            let values = try ValuesBinding(context: context).bind(
                values, into: targets, defaults: defaults)
            rows = context.shared.closed(values)
        } else {
            rows = try assigned(try planner.bind(insert.source, tables: tables), insert, context)
        }
        let columns = zip(fields, sources).map { field, source -> Expression in
            if let source { return .column(source, targets[source].type) }
            return .literal(field.id.flatMap { defaults[$0] } ?? .null, field.type)
        }
        return .project(Projection(columns, names: fields.map(\.name)), rows)
    }

    private func assigned(
        _ plan: LogicalPlan, _ insert: InsertSyntax, _ context: BinderContext
    ) throws(PlannerError) -> LogicalPlan {
        let found = plan.schema.fields
        try check(found.count, insert, at: insert.source.position)
        var items: [TextPosition?] = []
        if case .select(let select) = insert.source.body { items = select.items.map(\.value.position) }
        // A literal takes the type of its place, so the query's own literals are looked at, not their column.
        var literals: [Expression] = []
        if case .project(let projection, _) = plan { literals = projection.expressions }
        var values: [Expression] = []
        for (index, target) in targets.enumerated() {
            let isLiteral = index < literals.count && literals[index].literalValue != nil
            let value = isLiteral ? literals[index] : Expression.column(index, found[index].type)
            let position = items.count == found.count ? items[index] : nil
            values.append(
                try context.coercion.assign(
                    value, to: target, defaulted: Set(defaults.keys), at: position ?? insert.source.position))
        }
        return .project(Projection(values, names: targets.map(\.name)), plan)
    }

    private func check(_ count: Int, _ insert: InsertSyntax, at position: TextPosition?) throws(PlannerError)
    {
        guard count == targets.count else {
            throw PlannerError(
                .unlikeShape,
                insert.columns.isEmpty
                    ? "the query has another number of columns than the table"
                    : "INSERT names another number of columns than the query has",
                [(insert.columns.isEmpty ? "table" : "names"): targets.count, "query": count],
                at: position ?? insert.position,
                hint: insert.columns.isEmpty && count < targets.count
                    ? "name the columns: INSERT INTO \(insert.target) (…)" : nil)
        }
    }
}

extension QuerySyntax {
    /// Nothing around the body.
    fileprivate var isBare: Bool {
        commonTables.isEmpty && order.isEmpty && limit == nil && offset == nil
    }
}
