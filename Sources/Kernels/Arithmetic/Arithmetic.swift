import Columnar

/// `+ - * / %`, negation and bit operators: picks the kernel by the result's type.
enum Arithmetic {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        if call.arguments.contains(where: { isTemporal($0.type) }) || isTemporal(call.result) {
            return try TimeArithmetic.evaluate(call)
        }
        switch call.result {
        case .int: return try IntegerArithmetic.evaluate(call, Int32.self, .int)
        case .long: return try IntegerArithmetic.evaluate(call, Int64.self, .long)
        case .float: return try FloatArithmetic.evaluate(call, Float.self, .float)
        case .double: return try FloatArithmetic.evaluate(call, Double.self, .double)
        case .decimal: return try DecimalArithmetic.evaluate(call)
        default: throw call.unsupported()
        }
    }

    private static func isTemporal(_ type: DataType) -> Bool {
        switch type {
        case .date, .time, .interval: true
        default: type.isTimestamp
        }
    }
}
