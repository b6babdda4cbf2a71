import Columnar

/// AND, OR and NOT over true, false and null, 64 rows an instruction.
enum Logic {
    /// Which rows are true and which are false; the others are null.
    private struct Truth {
        var isTrue: Bitmap
        var isFalse: Bitmap

        init(_ column: Column) {
            if column.type == .null || column.constantValue == .null {
                isTrue = Bitmap(repeating: false, count: column.count)
                isFalse = isTrue
                return
            }
            let bits = column.truthBits()
            if let validity = column.validity {
                isTrue = bits & validity
                isFalse = ~bits & validity
            } else {
                isTrue = bits
                isFalse = ~bits
            }
        }

        func column() -> Column {
            let valid = isTrue | isFalse
            return Column(
                .boolean, count: isTrue.count, .boolean(isTrue), validity: valid.isAllSet ? nil : valid)
        }
    }

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard call.arguments.allSatisfy({ $0.type == .boolean || $0.type == .null }) else {
            throw call.unsupported()
        }
        var truth = Truth(call.arguments[0])
        for argument in call.arguments.dropFirst() {
            let next = Truth(argument)
            switch call.function {
            case .and:
                truth.isTrue = truth.isTrue & next.isTrue
                truth.isFalse = truth.isFalse | next.isFalse
            case .or:
                truth.isTrue = truth.isTrue | next.isTrue
                truth.isFalse = truth.isFalse & next.isFalse
            default: throw call.unsupported()
            }
        }
        if call.function == .not { swap(&truth.isTrue, &truth.isFalse) }
        return truth.column()
    }
}
