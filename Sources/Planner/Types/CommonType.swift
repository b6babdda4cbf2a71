import Columnar
import Kernels

/// The type that values of several types meet in: for comparison, CASE, COALESCE, IN, UNION.
enum CommonType {
    /// Nil when they do not meet.
    static func of(_ left: DataType, _ right: DataType) -> DataType? {
        if left == right { return left }
        if left == .null { return right }
        if right == .null { return left }
        if let number = left.numericCommon(with: right) { return number }
        if let time = ofTimes(left, right) { return time }
        switch (left, right) {
        case (.string, .json), (.json, .string): return .string
        case (.binary, .fixed), (.fixed, .binary), (.fixed, .fixed): return .binary
        case (.list(let first), .list(let second)):
            return of(first.type, second.type).map { .list(Field("element", $0)) }
        case (.map(let firstKey, let firstValue), .map(let secondKey, let secondValue)):
            guard let key = of(firstKey.type, secondKey.type),
                let value = of(firstValue.type, secondValue.type)
            else { return nil }
            return .map(key: Field("key", key, isRequired: true), value: Field("value", value))
        case (.structure(let first), .structure(let second)): return ofStructures(first, second)
        default: return nil
        }
    }

    /// The names and the order of the first; a row without names takes those of the other.
    private static func ofStructures(_ first: [Field], _ second: [Field]) -> DataType? {
        let isFirst = FieldMatch(second, to: first) != nil
        let (named, other) = isFirst ? (first, second) : (second, first)
        guard let match = FieldMatch(other, to: named), match.isComplete else { return nil }
        let fields = zip(named, match.places).compactMap { field, place in
            place.flatMap { of(field.type, other[$0].type) }.map { Field(field.name, $0) }
        }
        return fields.count == named.count ? .structure(fields) : nil
    }

    /// The larger of the two in the order date, timestamp, timestamptz, and finer before coarser.
    private static func ofTimes(_ left: DataType, _ right: DataType) -> DataType? {
        guard left.isTimestamp || left == .date, right.isTimestamp || right == .date else { return nil }
        let pair = [left, right]
        let isZoned = pair.contains(.timestamptz) || pair.contains(.timestamptzNanos)
        let isNanos = pair.contains(.timestampNanos) || pair.contains(.timestamptzNanos)
        return isZoned ? (isNanos ? .timestamptzNanos : .timestamptz) : isNanos ? .timestampNanos : .timestamp
    }

    /// What brings both together, where something does.
    static func hint(_ left: DataType, _ right: DataType) -> String? {
        canCast(left, to: right) || canCast(right, to: left) ? "convert one with CAST" : nil
    }

    /// Whether CAST has a meaning; single values may still fail.
    static func canCast(_ from: DataType, to target: DataType) -> Bool {
        if from == target || from == .null || from.isText || target.isText { return true }
        switch (from, target) {
        case (.boolean, .int), (.boolean, .long), (.int, .boolean), (.long, .boolean): return true
        case (.binary, .uuid), (.binary, .fixed), (.fixed, .binary), (.uuid, .binary), (.fixed, .fixed),
            (.fixed, .uuid), (.uuid, .fixed):
            return true
        case (.time, .interval): return true
        case (.list(let element), .list(let other)): return canCast(element.type, to: other.type)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return canCast(key.type, to: otherKey.type) && canCast(value.type, to: otherValue.type)
        case (.structure(let fields), .structure(let others)):
            guard let match = FieldMatch(fields, to: others) else { return false }
            return !match.missing.contains(where: \.isRequired) && match.allSatisfy { canCast($0, to: $1) }
        default: break
        }
        if from.isNumeric, target.isNumeric { return true }
        let isTime = { (type: DataType) in type.isTimestamp || type == .date }
        return isTime(from) && (isTime(target) || target == .time && from != .date)
    }
}
