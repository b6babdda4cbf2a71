package import Faults

/// Why an encoded plan is not one.
package struct PlansError: Fault {
    package enum Code: String, FaultCode {
        /// A member is missing, has another shape, or names what this build does not know.
        case malformed = "PLN-101"
        /// An expression reads a column its input does not have, or has it under another type.
        case inconsistent = "PLN-102"

        package var kind: FaultKind { .invalidRequest }
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
