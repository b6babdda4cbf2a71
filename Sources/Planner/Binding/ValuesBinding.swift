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

    private func scalar(_ value: Expression, at position: TextPosition) throws(PlannerError) -> Scalar {
        do {
            if let scalar = try context.folding.value(of: value) { return scalar }
        } catch {
            throw PlannerError(.constantFault, "a constant cannot be computed", at: position, cause: error)
        }
        throw .unsupported("a value that changes from call to call in VALUES", at: position)
    }
}
