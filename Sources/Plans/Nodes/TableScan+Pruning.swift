import Columnar
package import Iceberg
import Kernels

extension TableScan {
    /// What of the filter can skip files and row groups: never narrower than the filter.
    package var pruning: Predicate {
        filter.map { PruningTranslation(fields: fields).predicate($0) } ?? .always
    }
}

/// Translates conditions into predicates about field ids; what has no translation becomes `always`.
struct PruningTranslation {
    let fields: [Field]

    func predicate(_ condition: Expression) -> Predicate {
        switch condition {
        case .literal(.boolean(true), _): .always
        case .literal(.boolean(false), _), .literal(.null, _): .never
        case .column: bare(condition, equals: true)
        case .located(let inner, _): predicate(inner)
        case .inList(let value, let elements, let isNegated): list(value, elements, isNegated)
        case .call(let function, let arguments, _): call(function, arguments)
        default: .always
        }
    }

    private func call(_ function: ScalarFunction, _ arguments: [Expression]) -> Predicate {
        switch function {
        case .and: return Predicate.all(arguments.map(predicate))
        case .or: return Predicate.any(arguments.map(predicate))
        case .not, .isFalse: return bare(arguments[0], equals: false)
        case .isTrue: return bare(arguments[0], equals: true)
        case .isNull: return fieldID(arguments[0]).map { .isNull(fieldID: $0) } ?? .always
        case .isNotNull: return fieldID(arguments[0]).map { .isNotNull(fieldID: $0) } ?? .always
        case .isNaN: return fieldID(arguments[0]).map { .isNaN(fieldID: $0) } ?? .always
        case .startsWith, .like: return prefix(function, arguments)
        case .equal, .isNotDistinctFrom: return comparison(.equal, arguments)
        case .notEqual: return comparison(.notEqual, arguments)
        case .less: return comparison(.less, arguments)
        case .lessOrEqual: return comparison(.lessOrEqual, arguments)
        case .greater: return comparison(.greater, arguments)
        case .greaterOrEqual: return comparison(.greaterOrEqual, arguments)
        default: return .always
        }
    }

    /// Nil for what is no bare column of the table.
    private func fieldID(_ expression: Expression) -> Int? {
        guard case .column(let index, _) = expression, fields.indices.contains(index),
            !fields[index].type.isNested
        else { return nil }
        return fields[index].id
    }

    private func bare(_ expression: Expression, equals value: Bool) -> Predicate {
        guard expression.type == .boolean, let id = fieldID(expression) else { return .always }
        return .compare(fieldID: id, .equal, .boolean(value))
    }

    private func comparison(_ comparison: Predicate.Comparison, _ arguments: [Expression]) -> Predicate {
        if let value = arguments[1].literalValue, let id = fieldID(arguments[0]) {
            return compare(id, comparison, value, arguments[0].type)
        }
        if let value = arguments[0].literalValue, let id = fieldID(arguments[1]) {
            return compare(id, comparison.mirrored, value, arguments[1].type)
        }
        return .always
    }

    private func compare(
        _ id: Int, _ comparison: Predicate.Comparison, _ value: Scalar, _ type: DataType
    ) -> Predicate {
        // `IS NOT DISTINCT FROM NULL` is the only one that a null satisfies, and it is rare: read on.
        if value.isNull || value.isNaN || type == .interval { return .always }
        let plain = Predicate.compare(fieldID: id, comparison, value)
        guard type.isFloating else { return plain }
        // In SQL NaN is the greatest number; bounds leave it out.
        switch comparison {
        case .greater, .greaterOrEqual, .notEqual: return Predicate.any([plain, .isNaN(fieldID: id)])
        default: return plain
        }
    }

    private func list(_ value: Expression, _ elements: [Scalar], _ isNegated: Bool) -> Predicate {
        guard let id = fieldID(value), !elements.contains(where: \.isNaN) else { return .always }
        if isNegated {
            if elements.contains(.null) { return .never }
            let plain = Predicate.isNotIn(fieldID: id, elements)
            return value.type.isFloating ? Predicate.any([plain, .isNaN(fieldID: id)]) : plain
        }
        let known = elements.filter { !$0.isNull }
        return known.isEmpty ? .never : .isIn(fieldID: id, known)
    }

    /// `starts_with(name, 'ab')`, and the fixed start of a LIKE pattern.
    private func prefix(_ function: ScalarFunction, _ arguments: [Expression]) -> Predicate {
        guard arguments.count == 2, arguments[0].type == .string, let id = fieldID(arguments[0]),
            case .string(let pattern)? = arguments[1].literalValue
        else { return .always }
        let fixed = function == .startsWith ? pattern : String(pattern.prefix { !"%_\\".contains($0) })
        if function == .like, fixed == pattern { return .compare(fieldID: id, .equal, .string(pattern)) }
        return fixed.isEmpty ? .always : .startsWith(fieldID: id, fixed)
    }
}

extension Scalar {
    fileprivate var isNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .double(let value): value.isNaN
        default: false
        }
    }
}

extension Predicate.Comparison {
    /// With the sides swapped.
    fileprivate var mirrored: Predicate.Comparison {
        switch self {
        case .equal, .notEqual: self
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}
