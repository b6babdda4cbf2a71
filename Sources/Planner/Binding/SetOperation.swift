import Columnar
import Kernels
import Plans
import SQLSyntax

/// UNION, INTERSECT and EXCEPT of two bound queries. Rows are the same when all their columns are; null is the same as null.
struct SetOperation {
    let context: BinderContext
    let name: SetOperator
    let isAll: Bool
    let position: TextPosition?
    /// Of the two queries.
    let sides: [TextPosition?]

    func plan(_ first: LogicalPlan, _ second: LogicalPlan) throws(PlannerError) -> LogicalPlan {
        let (left, right) = try aligned(first, second)
        switch name {
        case .union:
            // A chain of UNION ALL is one node.
            let inputs = [left, right].flatMap { side -> [LogicalPlan] in
                if case .union(let inner) = side { return inner }
                return [side]
            }
            return isAll ? .union(inputs) : SelectBinding.distinct(.union(inputs))
        case .intersect: return matching(.semi, left, right)
        case .except: return matching(.anti, left, right)
        }
    }

    /// With ALL a row counts as often as it is there: its n-th copy finds the n-th copy on the other side.
    private func matching(_ kind: JoinKind, _ left: LogicalPlan, _ right: LogicalPlan) -> LogicalPlan {
        let width = left.schema.count
        let sides = isAll ? [left, right].map(numbered) : [SelectBinding.distinct(left), right]
        let columns = sides[0].schema.fields
        let terms = columns.indices.map { index -> Expression in
            let type = columns[index].type
            return .call(
                .isNotDistinctFrom, [.column(index, type), .column(columns.count + index, type)], .boolean)
        }
        return LogicalPlan.join(kind, Expression.conjunction(terms), sides[0], sides[1])
            .reordered(Array(0..<width))
    }

    private func numbered(_ plan: LogicalPlan) -> LogicalPlan {
        .numberRows(plan.schema.fields.enumerated().map { .column($0, $1.type) }, plan)
    }

    /// Both sides with the same types, and the names of the first.
    private func aligned(
        _ left: LogicalPlan, _ right: LogicalPlan
    ) throws(PlannerError) -> (LogicalPlan, LogicalPlan) {
        let (leftFields, rightFields) = (left.schema.fields, right.schema.fields)
        guard leftFields.count == rightFields.count else {
            throw PlannerError(
                .unlikeShape, "the sides of \(name.rawValue) have unlike numbers of columns",
                ["left": leftFields.count, "right": rightFields.count], at: position)
        }
        var types: [DataType] = []
        for (index, pair) in zip(leftFields, rightFields).enumerated() {
            types.append(try type(pair.0, pair.1, left.isTextLiteral(index), right.isTextLiteral(index)))
        }
        let names = leftFields.map(\.name)
        return (
            try cast(left, to: types, names: names, at: sides[0]),
            try cast(right, to: types, names: names, at: sides[1])
        )
    }

    /// A literal in text takes the type of the other side.
    private func type(
        _ first: Field, _ second: Field, _ firstBends: Bool, _ secondBends: Bool
    ) throws(PlannerError) -> DataType {
        if let common = CommonType.of(first.type, second.type) { return common }
        if firstBends { return second.type }
        if secondBends { return first.type }
        throw PlannerError(
            .typeMismatch, "\(name.rawValue) cannot bring \(first.type) and \(second.type) together",
            ["column": first.name], at: position, hint: CommonType.hint(first.type, second.type))
    }

    private func cast(
        _ plan: LogicalPlan, to types: [DataType], names: [String], at place: TextPosition?
    ) throws(PlannerError) -> LogicalPlan {
        let fields = plan.schema.fields
        if zip(fields, types).allSatisfy({ $0.type == $1 }), fields.map(\.name) == names { return plan }
        var values: [Expression] = []
        for (index, type) in types.enumerated() {
            let column = Expression.column(index, fields[index].type)
            if fields[index].type == type {
                values.append(column)
            } else if let literal = plan.textLiteral(index) {
                values.append(
                    try context.coercion.coerce(
                        literal, to: type, at: position ?? .start, for: name.rawValue))
            } else {
                let cast = Expression.cast(column, to: type, isTry: false)
                let isTotal = !type.isDecimal || fields[index].type.fitsWholly(in: type)
                values.append(isTotal ? cast : place.map { .located(cast, SourcePlace($0)) } ?? cast)
            }
        }
        return .project(Projection(values, names: names), plan)
    }
}

extension LogicalPlan {
    fileprivate func textLiteral(_ index: Int) -> Expression? {
        guard case .project(let projection, _) = self, projection.expressions[index].isTextLiteral else {
            return nil
        }
        return projection.expressions[index]
    }

    fileprivate func isTextLiteral(_ index: Int) -> Bool { textLiteral(index) != nil }
}
