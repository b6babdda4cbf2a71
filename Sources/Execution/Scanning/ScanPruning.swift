import Columnar
import Iceberg
import Kernels
import Plans

/// Turns a filter over a scan's fields into a predicate that rules out files and row groups.
///
/// The predicate may keep more than the filter, never less: what it cannot say it leaves out.
enum ScanPruning {
    static func predicate(_ filter: Expression, over fields: [Field]) -> Predicate {
        read(filter, fields) ?? .always
    }

    /// Nil when nothing is known.
    private static func read(_ expression: Expression, _ fields: [Field]) -> Predicate? {
        switch expression {
        case .literal(.boolean(true), _): return .always
        case .literal(_, .boolean), .literal(.null, _): return .never
        case .column(_, .boolean):
            return id(of: expression, fields).map { .compare(fieldID: $0, .equal, .boolean(true)) }
        case .inList(let value, let elements, let isNegated):
            guard let id = id(of: value, fields) else { return nil }
            return isNegated ? .isNotIn(fieldID: id, elements) : .isIn(fieldID: id, elements)
        case .call(let function, let arguments, _): return read(function, arguments, fields)
        case .located(let inner, _): return read(inner, fields)
        case .column, .literal, .cast, .caseWhen, .chain: return nil
        }
    }

    private static func read(_ function: ScalarFunction, _ arguments: [Expression], _ fields: [Field])
        -> Predicate?
    {
        switch function {
        case .and: return .all(arguments.compactMap { read($0, fields) })
        case .or:
            let parts = arguments.map { read($0, fields) }
            return parts.contains { $0 == nil } ? nil : .any(parts.compactMap { $0 })
        case .isNull: return id(of: arguments[0], fields).map { .isNull(fieldID: $0) }
        case .isNotNull: return id(of: arguments[0], fields).map { .isNotNull(fieldID: $0) }
        case .isTrue where arguments[0].columns.count == 1: return read(arguments[0], fields)
        case .not:
            guard case .column(_, .boolean) = arguments[0], let id = id(of: arguments[0], fields) else {
                return nil
            }
            return .compare(fieldID: id, .equal, .boolean(false))
        case .like where arguments.count == 2: return prefix(arguments, fields)
        case .startsWith:
            guard let id = id(of: arguments[0], fields), case .string(let text)? = arguments[1].literalValue
            else {
                return nil
            }
            return .startsWith(fieldID: id, text)
        default:
            guard let comparison = comparison(function), arguments.count == 2 else { return nil }
            if let found = compare(arguments[0], comparison, arguments[1], fields) { return found }
            return compare(arguments[1], mirrored(comparison), arguments[0], fields)
        }
    }

    private static func id(of expression: Expression, _ fields: [Field]) -> Int? {
        guard case .column(let index, let type) = expression, fields.indices.contains(index),
            fields[index].type == type, !type.isNested
        else { return nil }
        return fields[index].id
    }

    private static func compare(
        _ value: Expression, _ comparison: Predicate.Comparison, _ literal: Expression, _ fields: [Field]
    ) -> Predicate? {
        guard case .literal(let scalar, let type) = literal else { return nil }
        if scalar.isNull { return .never }
        if let id = id(of: value, fields), value.type == type {
            return .compare(fieldID: id, comparison, scalar)
        }
        // An int column widened for a long literal compares the same without the widening, where the literal fits.
        if case .cast(let inner, .long, _) = value, inner.type == .int, let id = id(of: inner, fields),
            case .long(let wide) = scalar, let narrow = Int32(exactly: wide)
        {
            return .compare(fieldID: id, comparison, .int(narrow))
        }
        return nil
    }

    /// `abc%…` begins with `abc`, whatever follows; an escape ends what is known.
    private static func prefix(_ arguments: [Expression], _ fields: [Field]) -> Predicate? {
        guard let id = id(of: arguments[0], fields), case .string(let pattern)? = arguments[1].literalValue
        else {
            return nil
        }
        let known = pattern.unicodeScalars.prefix { $0 != "%" && $0 != "_" && $0 != "\\" }
        let text = String(String.UnicodeScalarView(known))
        if text == pattern { return .compare(fieldID: id, .equal, .string(text)) }
        return text.isEmpty ? nil : .startsWith(fieldID: id, text)
    }

    private static func comparison(_ function: ScalarFunction) -> Predicate.Comparison? {
        switch function {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }

    private static func mirrored(_ comparison: Predicate.Comparison) -> Predicate.Comparison {
        switch comparison {
        case .equal, .notEqual: comparison
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}
