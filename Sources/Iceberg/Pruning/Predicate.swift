package import Columnar

/// A filter about columns, by field id, made to skip what cannot match: partitions, files, row groups, pages.
///
/// Literals have the payload of the column's type (see `Scalar`). A row whose comparison is null does not match.
package indirect enum Predicate: Sendable, Hashable {
    /// Every row matches, as far as this predicate knows.
    case always
    case never
    case and([Predicate])
    case or([Predicate])
    case not(Predicate)
    case compare(fieldID: Int, Comparison, Scalar)
    case isIn(fieldID: Int, [Scalar])
    case isNotIn(fieldID: Int, [Scalar])
    case isNull(fieldID: Int)
    case isNotNull(fieldID: Int)
    case isNaN(fieldID: Int)
    case isNotNaN(fieldID: Int)
    /// Bytes of UTF-8 text.
    case startsWith(fieldID: Int, String)
    case doesNotStartWith(fieldID: Int, String)

    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        package var negated: Comparison {
            switch self {
            case .equal: .notEqual
            case .notEqual: .equal
            case .less: .greaterOrEqual
            case .lessOrEqual: .greater
            case .greater: .lessOrEqual
            case .greaterOrEqual: .less
            }
        }
    }
}

extension Predicate {
    /// The same rows without `not`: null comparisons match neither a leaf nor its opposite, so pushing down is exact.
    package var normalized: Predicate {
        switch self {
        case .and(let parts): Predicate.all(parts.map(\.normalized))
        case .or(let parts): Predicate.any(parts.map(\.normalized))
        case .not(let inner): inner.negated
        default: self
        }
    }

    private var negated: Predicate {
        switch self {
        case .always: .never
        case .never: .always
        case .and(let parts): Predicate.any(parts.map(\.negated))
        case .or(let parts): Predicate.all(parts.map(\.negated))
        case .not(let inner): inner.normalized
        case .compare(let id, let comparison, let value): .compare(fieldID: id, comparison.negated, value)
        case .isIn(let id, let values): .isNotIn(fieldID: id, values)
        case .isNotIn(let id, let values): .isIn(fieldID: id, values)
        case .isNull(let id): .isNotNull(fieldID: id)
        case .isNotNull(let id): .isNull(fieldID: id)
        case .isNaN(let id): .isNotNaN(fieldID: id)
        case .isNotNaN(let id): .isNaN(fieldID: id)
        case .startsWith(let id, let text): .doesNotStartWith(fieldID: id, text)
        case .doesNotStartWith(let id, let text): .startsWith(fieldID: id, text)
        }
    }

    /// The conjunction, flattened; `never` wins, `always` disappears.
    package static func all(_ parts: [Predicate]) -> Predicate {
        var kept: [Predicate] = []
        for part in parts {
            switch part {
            case .always: continue
            case .never: return .never
            case .and(let inner): kept += inner
            default: kept.append(part)
            }
        }
        return kept.isEmpty ? .always : kept.count == 1 ? kept[0] : .and(kept)
    }

    /// The disjunction, flattened; `always` wins, `never` disappears.
    package static func any(_ parts: [Predicate]) -> Predicate {
        var kept: [Predicate] = []
        for part in parts {
            switch part {
            case .never: continue
            case .always: return .always
            case .or(let inner): kept += inner
            default: kept.append(part)
            }
        }
        return kept.isEmpty ? .never : kept.count == 1 ? kept[0] : .or(kept)
    }

    /// Every column the predicate is about.
    package var fieldIDs: Set<Int> {
        switch self {
        case .always, .never: []
        case .and(let parts), .or(let parts): parts.reduce(into: []) { $0.formUnion($1.fieldIDs) }
        case .not(let inner): inner.fieldIDs
        case .compare(let id, _, _), .isIn(let id, _), .isNotIn(let id, _), .isNull(let id),
            .isNotNull(let id),
            .isNaN(let id), .isNotNaN(let id), .startsWith(let id, _), .doesNotStartWith(let id, _):
            [id]
        }
    }
}

extension Predicate: CustomStringConvertible {
    /// `(#3 >= 5 AND #4 IS NULL)`
    package var description: String {
        switch self {
        case .always: "TRUE"
        case .never: "FALSE"
        case .and(let parts): "(" + parts.map(\.description).joined(separator: " AND ") + ")"
        case .or(let parts): "(" + parts.map(\.description).joined(separator: " OR ") + ")"
        case .not(let inner): "NOT \(inner)"
        case .compare(let id, let comparison, let value): "#\(id) \(comparison.rawValue) \(Self.text(value))"
        case .isIn(let id, let values): "#\(id) IN (" + values.map(Self.text).joined(separator: ", ") + ")"
        case .isNotIn(let id, let values):
            "#\(id) NOT IN (" + values.map(Self.text).joined(separator: ", ") + ")"
        case .isNull(let id): "#\(id) IS NULL"
        case .isNotNull(let id): "#\(id) IS NOT NULL"
        case .isNaN(let id): "#\(id) IS NAN"
        case .isNotNaN(let id): "#\(id) IS NOT NAN"
        case .startsWith(let id, let text): "#\(id) STARTS WITH '\(text)'"
        case .doesNotStartWith(let id, let text): "#\(id) NOT STARTS WITH '\(text)'"
        }
    }

    private static func text(_ scalar: Scalar) -> String {
        switch scalar {
        case .null: "NULL"
        case .boolean(let value): "\(value)"
        case .int(let value): "\(value)"
        case .long(let value): "\(value)"
        case .int128(let value): "\(value)"
        case .float(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): "'\(value)'"
        case .bytes(let value):
            "0x" + value.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
        default: "\(scalar)"
        }
    }
}
