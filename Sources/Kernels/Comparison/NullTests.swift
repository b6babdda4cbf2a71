import Columnar

/// IS NULL, IS TRUE and their kin: never null themselves.
enum NullTests {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let column = call.arguments[0]
        let bits: Bitmap
        switch call.function {
        case .isNull, .isNotNull:
            if !column.mayHaveNulls {
                return .constant(.boolean(call.function == .isNotNull), .boolean, count: call.rowCount)
            }
            bits = call.function == .isNull ? ~column.validityBits() : column.validityBits()
        default:
            guard column.type == .boolean || column.type == .null else { throw call.unsupported() }
            let valid = column.validityBits()
            let isTrue = column.type == .null ? valid : column.truthBits() & valid
            let isFalse = column.type == .null ? valid : ~column.truthBits() & valid
            switch call.function {
            case .isTrue: bits = isTrue
            case .isNotTrue: bits = ~isTrue
            case .isFalse: bits = isFalse
            case .isNotFalse: bits = ~isFalse
            default: throw call.unsupported()
            }
        }
        return Column(.boolean, count: call.rowCount, .boolean(bits))
    }
}
