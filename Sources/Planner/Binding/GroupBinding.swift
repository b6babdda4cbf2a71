import Columnar
import Plans
import SQLSyntax

/// Rewrites expressions over the input into expressions over its groups.
struct GroupBinding {
    struct Key {
        var value: Expression
        var name: String
    }

    let keys: [Key]
    let calls: [AggregateCall]
    /// Where columns were read, for the message.
    let positions: [Int: TextPosition]
    let scope: Scope

    func plan(over input: LogicalPlan) -> LogicalPlan {
        let names = keys.map(\.name) + calls.map { $0.text(over: input.schema) }
        return .aggregate(Aggregation(keys: keys.map(\.value), calls: calls, names: names), input)
    }

    /// A key becomes its column, an aggregate its own; a column that is neither is a fault.
    func bind(_ expression: Expression) throws(PlannerError) -> Expression {
        if let key = keys.firstIndex(where: { $0.value == expression }) {
            return .column(key, expression.type)
        }
        if case .column(let index, let type) = expression {
            // Window functions stand above groups.
            if index >= ExpressionBinder.windowBase { return expression }
            if index >= ExpressionBinder.aggregateBase {
                return .column(keys.count + index - ExpressionBinder.aggregateBase, type)
            }
            throw PlannerError(
                .notGrouped, "the column must be in GROUP BY or inside an aggregate",
                ["column": scope.columns[index].name], at: positions[index],
                hint: "add it to GROUP BY, or write any_value(\(Identifier(scope.columns[index].name)))")
        }
        let children = expression.children
        if children.isEmpty { return expression }
        var replacements: [Expression] = []
        for child in children { replacements.append(try bind(child)) }
        return expression.withChildren(replacements)
    }
}
