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
        for row in rows {
            guard row.count == width else {
                throw PlannerError(
                    .unlikeShape, "the rows of VALUES have unlike numbers of columns",
                    ["first": width, "this": row.count], at: row.first?.position)
            }
            for (index, syntax) in row.enumerated() {
                var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "VALUES")
                columns[index].append(try binder.bind(syntax))
            }
        }
        var fields: [Field] = []
        var values: [[Scalar]] = Array(repeating: [], count: rows.count)
        for (index, column) in columns.enumerated() {
            let positions = rows.map { $0[index].position }
            let (unified, type) = try context.coercion.unify(column, at: positions, for: "VALUES")
            let settled = type == .null ? DataType.string : type
            // As in PostgreSQL and DuckDB's arrow: names count from one.
            fields.append(Field("column\(index + 1)", settled))
            for (row, value) in unified.enumerated() {
                values[row].append(try scalar(type == settled ? value : .null(settled), at: positions[row]))
            }
        }
        return .values(ValueRows(schema: Schema(fields), rows: values))
    }

    /// Rows for a table: each value becomes what its column takes.
    func bind(
        _ rows: [[ExpressionSyntax]], into fields: [Field]
    ) throws(PlannerError) -> LogicalPlan {
        var bound: [[Expression]] = []
        for row in rows {
            guard row.count == fields.count else {
                throw PlannerError(
                    .unlikeShape, "the rows of VALUES have unlike numbers of columns",
                    ["first": fields.count, "this": row.count], at: row.first?.position)
            }
            var values: [Expression] = []
            for (syntax, field) in zip(row, fields) {
                var binder = ExpressionBinder(context, scope: Scope(), aggregateFreeClause: "VALUES")
                let value = try binder.bind(syntax)
                values.append(try context.coercion.assign(value, to: field, at: syntax.position))
            }
            bound.append(values)
        }
        let names = fields.map(\.name)
        if bound.contains(where: { $0.contains { !$0.isConstant } }) {
            // `uuid()` is computed when the statement runs.
            return .union(bound.map { .project(Projection($0, names: names), .values(.oneRow)) })
        }
        var scalars: [[Scalar]] = []
        for (row, values) in zip(rows, bound) {
            var constants: [Scalar] = []
            for (syntax, value) in zip(row, values) {
                constants.append(try scalar(value, at: syntax.position))
            }
            scalars.append(constants)
        }
        let schema = Schema(zip(names, fields).map { Field($0, $1.type) })
        return .values(ValueRows(schema: schema, rows: scalars))
    }

    private func scalar(_ value: Expression, at position: TextPosition) throws(PlannerError) -> Scalar {
        do {
            if let scalar = try context.folding.value(of: value) { return scalar }
        } catch {
            throw PlannerError(.constantFault, "a constant cannot be computed", at: position, cause: error)
        }
        throw .unsupported("a value that changes from call to call in VALUES", at: position)
    }
}
