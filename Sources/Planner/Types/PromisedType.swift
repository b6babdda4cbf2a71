import Columnar
import Kernels

/// The type of a view's column: the one the view promises, made wider where its query gives wider values.
///
/// A column under a view may become wider as Iceberg allows; the view then shows its values and does not force them into
/// the type it was made with, which some of them do not fit.
enum PromisedType {
    static func of(_ promised: DataType, givenBy given: DataType) -> DataType {
        switch (promised, given) {
        case (.int, .long), (.float, .double), (.date, .timestamp), (.date, .timestampNanos): return given
        case (.decimal, _) where given.isInteger || given.isDecimal:
            return given.fitsWholly(in: promised) ? promised : widened(promised, to: given)
        case (.list(let element), .list(let other)):
            return .list(field(element, givenBy: other))
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return .map(key: field(key, givenBy: otherKey), value: field(value, givenBy: otherValue))
        case (.structure(let fields), .structure(let others)):
            guard let match = FieldMatch(others, to: fields) else { return promised }
            return .structure(
                zip(fields, match.places).map { field, place in
                    place.map { Self.field(field, givenBy: others[$0]) } ?? field
                })
        default: return promised
        }
    }

    private static func field(_ promised: Field, givenBy given: Field) -> Field {
        var field = promised
        field.type = of(promised.type, givenBy: given.type)
        return field
    }

    /// The digits behind the point that were promised, and as many before it as the values have; one more where they are rounded.
    private static func widened(_ promised: DataType, to given: DataType) -> DataType {
        let (own, other) = (promised.decimalShape, given.decimalShape)
        let whole = other.precision - other.scale + (other.scale > own.scale ? 1 : 0)
        return .decimal(
            precision: min(DataType.maximumPrecision, max(own.precision, whole + own.scale)), scale: own.scale
        )
    }
}
