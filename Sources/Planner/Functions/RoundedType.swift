import Columnar
import Plans

/// The type of round and trunc: as in DataFusion whole numbers stay whole when rounded, and trunc makes doubles of them.
enum RoundedType {
    /// Cutting at least one digit leaves room for the carry (9.9 becomes 10); where the number of digits is
    /// not a literal from 0 on, the scale stays and the precision grows by one.
    static func result(of arguments: [Expression], keepsWhole: Bool) -> DataType {
        switch arguments[0].type {
        case .int, .long: return keepsWhole ? arguments[0].type : .double
        case .decimal(let precision, let scale):
            guard let digits = arguments.count < 2 ? 0 : literal(arguments[1]), digits >= 0 else {
                return .decimal(precision: min(DataType.maximumPrecision, precision + 1), scale: scale)
            }
            return .decimal(precision: precision, scale: Int(min(Int64(scale), digits)))
        case let type: return type
        }
    }

    private static func literal(_ expression: Expression) -> Int64? {
        switch expression {
        case .literal(.int(let value), _): Int64(value)
        case .literal(.long(let value), _): value
        case .cast(let inner, _, _): literal(inner)
        default: nil
        }
    }
}
