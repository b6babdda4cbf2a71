import Columnar
import Kernels
import Plans
import SQLSyntax

/// VALUES: rows of constants.
struct ValuesBinding {
    let context: BinderContext

    func bind(_ rows: [[ExpressionSyntax]]) throws(PlannerError) -> LogicalPlan {
        let width = rows[0].count
        var columns: [[Expression]] = Array(repeating: [], count: width)
        var subqueries: [[BoundSubquery]] = []
        for row in rows {
            guard row.count == width else {
                throw PlannerError(
                    .unlikeShape, "the rows of VALUES have unlike numbers of columns",
                    ["first": width, "this": row.count], at: row.first?.position)
            }
            var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "VALUES")
            for (index, syntax) in row.enumerated() { columns[index].append(try binder.bind(syntax)) }
            subqueries.append(binder.subqueries)
        }
        var fields: [Field] = []
        var bound: [[Expression]] = Array(repeating: [], count: rows.count)
        for (index, column) in columns.enumerated() {
            let positions = rows.map { $0[index].position }
            let (unified, type) = try context.coercion.unify(column, at: positions, for: "VALUES")
            let settled = type == .null ? DataType.string : type
            // As in PostgreSQL and DuckDB's arrow: names count from one.
            fields.append(Field("column\(index + 1)", settled))
            for (row, value) in unified.enumerated() {
                bound[row].append(type == settled ? value : .null(settled))
            }
        }
        return try plan(bound, Schema(fields), rows, subqueries, isForTable: false)
    }

    /// Rows of constants, or of what is computed when the statement runs: `uuid()`, a subquery, a column further out.
    private func plan(
        _ bound: [[Expression]], _ schema: Schema, _ syntax: [[ExpressionSyntax]],
        _ subqueries: [[BoundSubquery]], isForTable: Bool
    ) throws(PlannerError) -> LogicalPlan {
        if bound.contains(where: { $0.contains { !$0.isConstant } }) {
            var rows: [LogicalPlan] = []
            for (values, subqueries) in zip(bound, subqueries) {
                var attached = AttachedSubqueries(subqueries, to: .values(.oneRow), context)
                var resolved: [Expression] = []
                for value in values { resolved.append(try attached.bind(value)) }
                rows.append(
                    .project(Projection(resolved, names: schema.fields.map(\.name)), attached.plan))
            }
            return rows.count == 1 ? rows[0] : .union(rows)
        }
        var scalars: [[Scalar]] = []
        for (row, values) in zip(syntax, bound) {
            var constants: [Scalar] = []
            for (index, value) in values.enumerated() {
                let column = isForTable ? schema.fields[index].name : nil
                constants.append(try scalar(value, at: row[index].position, for: column))
            }
            scalars.append(constants)
        }
        return .values(ValueRows(schema: schema, rows: scalars))
    }

    /// Rows for a table: each value becomes what its column takes, and DEFAULT the column's default, by field id.
    func bind(
        _ rows: [[ExpressionSyntax]], into fields: [Field], defaults: [Int: Scalar]
    ) throws(PlannerError) -> LogicalPlan {
        var bound: [[Expression]] = []
        var subqueries: [[BoundSubquery]] = []
        for row in rows {
            guard row.count == fields.count else {
                throw PlannerError(
                    .unlikeShape, "the rows of VALUES have unlike numbers of columns",
                    ["first": fields.count, "this": row.count], at: row.first?.position)
            }
            var values: [Expression] = []
            var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "VALUES")
            for (syntax, field) in zip(row, fields) {
                if syntax.isDefault, let value = field.id.flatMap({ defaults[$0] }) {
                    values.append(.literal(value, field.type))
                    continue
                }
                let value = syntax.isDefault ? .null(.null) : try binder.bind(syntax)
                values.append(
                    try context.coercion.assign(
                        value, to: field, defaulted: Set(defaults.keys), at: syntax.position))
            }
            bound.append(values)
            subqueries.append(binder.subqueries)
        }
        return try plan(
            bound, Schema(fields.map { Field($0.name, $0.type) }), rows, subqueries, isForTable: true)
    }

    private func scalar(
        _ value: Expression, at position: TextPosition, for column: String?
    ) throws(PlannerError) -> Scalar {
        do {
            if let scalar = try context.folding.value(of: value) { return scalar }
        } catch {
            throw .constant(error, at: position, for: column)
        }
        preconditionFailure("constants come to a value or a fault")
    }
}

extension ExpressionSyntax {
    /// The word DEFAULT; the values of an INSERT have no columns whose name it could be.
    fileprivate var isDefault: Bool {
        if case .name(let name) = kind { name.texts.map { $0.lowercased() } == ["default"] } else { false }
    }
}
