import Kernels
import Plans

extension Expression {
    /// Whether computing this over a row may fail by itself, its parts aside.
    var mayFault: Bool {
        switch self {
        case .cast(_, _, let isTry): !isTry
        case .call(let function, let arguments, _): !arguments.isEmpty && !function.isTotal
        case .column, .literal, .caseWhen, .inList, .located, .chain: false
        }
    }
}

extension ScalarFunction {
    /// Has an answer for all values.
    fileprivate var isTotal: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isDistinctFrom,
            .isNotDistinctFrom, .isNull, .isNotNull, .isTrue, .isNotTrue, .isFalse, .isNotFalse, .and, .or,
            .not,
            .coalesce, .structure, .namedStructure, .getField, .makeArray:
            true
        default: false
        }
    }
}
