package import Faults

/// Why columns could not be taken from outside.
package struct ColumnarError: Fault {
    package enum Code: String, FaultCode {
        /// An Arrow type that no column has, such as a union.
        case unsupportedArrowType = "COL-101"
        /// An Arrow array whose shape contradicts itself.
        case malformedArrow = "COL-102"

        package var kind: FaultKind {
            switch self {
            case .unsupportedArrowType: .unsupported
            case .malformedArrow: .corruptData
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]

    package init(_ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:]) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
    }
}
