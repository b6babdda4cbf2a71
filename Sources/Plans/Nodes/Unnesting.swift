package import Columnar

/// Gives every row once for each element of its lists, side by side; shorter lists end in nulls.
///
/// *Shapes*: gives the input's columns, then those of the items, then the element's number from 1 where it is asked for.
/// *Nulls*: a row whose lists are all null or empty goes, unless `keepsEmpty`, which gives it once with nulls.
package struct Unnesting: Sendable, Hashable {
    package enum Item: Sendable, Hashable {
        case list(Expression)
        /// Two columns: key and value.
        case map(Expression)
        /// Longs, or timestamps with an interval as step. A null, or a step away from the end, makes no element.
        case series(from: Expression, to: Expression, step: Expression, includesEnd: Bool)

        package var expressions: [Expression] {
            switch self {
            case .list(let value), .map(let value): [value]
            case .series(let from, let to, let step, _): [from, to, step]
            }
        }

        package var types: [DataType] {
            switch self {
            case .list(let value): if case .list(let element) = value.type { [element.type] } else { [.null] }
            case .map(let value):
                if case .map(let key, let item) = value.type {
                    [key.type, item.type]
                } else {
                    [.null, .null]
                }
            case .series(let from, _, _, _): [from.type]
            }
        }

        package func mapExpressions<Failure: Error>(
            _ body: (Expression) throws(Failure) -> Expression
        ) throws(Failure) -> Item {
            switch self {
            case .list(let value): .list(try body(value))
            case .map(let value): .map(try body(value))
            case .series(let from, let to, let step, let includesEnd):
                .series(
                    from: try body(from), to: try body(to), step: try body(step), includesEnd: includesEnd)
            }
        }

        func text(over input: Schema) -> String {
            let values = expressions.map { $0.text(over: input) }.joined(separator: ", ")
            guard case .series(_, _, _, let includesEnd) = self else { return values }
            return "\(includesEnd ? "generate_series" : "range")(\(values))"
        }
    }

    package var items: [Item]
    /// Of the items' columns, then of the number.
    package var names: [String]
    package var hasOrdinality: Bool
    package var keepsEmpty: Bool

    package init(items: [Item], names: [String], hasOrdinality: Bool = false, keepsEmpty: Bool = false) {
        precondition(
            names.count == items.reduce(hasOrdinality ? 1 : 0) { $0 + $1.types.count },
            "every column has a name")
        self.items = items
        self.names = names
        self.hasOrdinality = hasOrdinality
        self.keepsEmpty = keepsEmpty
    }

    package var types: [DataType] { items.flatMap(\.types) + (hasOrdinality ? [.long] : []) }

    package func schema(over input: Schema) -> Schema {
        Schema(input.fields + zip(names, types).map { Field($0, $1) })
    }

    package var expressions: [Expression] { items.flatMap(\.expressions) }

    package func mapExpressions<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> Unnesting {
        var copy = self
        for index in items.indices { copy.items[index] = try items[index].mapExpressions(body) }
        return copy
    }

    func text(over input: Schema) -> String {
        "Unnest: " + items.map { $0.text(over: input) }.joined(separator: ", ")
            + (hasOrdinality ? ", ordinality" : "") + (keepsEmpty ? ", keeps empty" : "")
    }
}
