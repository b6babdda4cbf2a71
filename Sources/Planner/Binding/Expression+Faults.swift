import Columnar
import Kernels
import Plans

extension Expression {
    /// Whether computing this over a row may fail by itself, its parts aside.
    var mayFault: Bool {
        switch self {
        case .cast(let value, let type, let isTry): !isTry && value.type != type
        case .call(let function, let arguments, _): !arguments.isEmpty && !function.isTotal
        case .column, .literal, .caseWhen, .inList, .located, .chain: false
        }
    }
}

extension Expression {
    /// Whether it has an answer for every row, its parts included.
    var neverFaults: Bool {
        switch self {
        case .column, .literal: true
        case .cast(let value, let type, let isTry):
            (isTry || value.type.fitsWholly(in: type)) && value.neverFaults
        case .call(let function, _, _): function.isTotal && children.allSatisfy(\.neverFaults)
        case .chain: false
        case .caseWhen, .inList, .located: children.allSatisfy(\.neverFaults)
        }
    }

    /// For rows where the condition is not true nothing is computed, and null is the answer.
    func guarded(by condition: Expression) -> Expression {
        if neverFaults || isConstant { return self }
        return .caseWhen([CaseBranch(condition: condition, value: self)], otherwise: nil, type)
    }
}

extension AggregateCall {
    /// Rows that FILTER leaves out are asked for nothing that may fault: `sum(10 / x) FILTER (WHERE x <> 0)`.
    var guarded: AggregateCall {
        // A volatile condition would be another one the second time.
        guard let filter, !filter.isVolatile else { return self }
        var call = self
        call.arguments = arguments.map { $0.guarded(by: filter) }
        for index in order.indices {
            call.order[index].expression = order[index].expression.guarded(by: filter)
        }
        return call
    }
}

extension DataType {
    /// Numbers of this type all are numbers of the other.
    func fitsWholly(in other: DataType) -> Bool {
        switch (self, other) {
        case (.null, _), (.int, .long), (.int, .double), (.long, .double), (.float, .double): return true
        case (_, .decimal(let precision, let scale)) where isInteger || isDecimal:
            let own = decimalShape
            return own.scale <= scale && own.precision - own.scale <= precision - scale
        default: return self == other
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
