import Columnar

/// `value > ANY (list)` and `value > ALL (list)`, as SQL has them for the rows of a subquery.
///
/// *Nulls*: a null list gives null; a comparison with null gives null unless another one settles it; of an empty list
/// ANY is false and ALL true, whatever the value.
///
/// *Source*: PostgreSQL, "Row and Array Comparisons".
enum Quantifiers {
    /// Arguments: the list, a value of its elements' type, the name of the comparison.
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard call.arguments.count == 3, case .list(let element) = call.arguments[0].type,
            call.arguments[1].type == element.type, let name = call.constantText(2),
            let comparison = comparisons[name]
        else { throw call.unsupported() }
        let (lists, values) = (call.arguments[0], call.arguments[1])
        // What settles the answer: for ANY an element that passes, for ALL one that fails.
        let settles = call.function == .anyElement
        return try call.allRows.scalars(.boolean) { row throws(KernelError) in
            guard case .list(let elements) = lists.scalar(at: row) else { return .null }
            let value = values.scalar(at: row)
            var isUnknown = false
            for element in elements {
                if value.isNull || element.isNull {
                    isUnknown = true
                } else if comparison.holds(value.order(comparedTo: element)) == settles {
                    return .boolean(settles)
                }
            }
            return isUnknown ? .null : .boolean(!settles)
        }
    }

    private static let comparisons: [String: ComparisonOperator] = {
        let functions: [ScalarFunction] = [
            .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual,
        ]
        return Dictionary(
            uniqueKeysWithValues: functions.compactMap { function in
                ComparisonOperator(function).map { (function.name, $0) }
            })
    }()
}
