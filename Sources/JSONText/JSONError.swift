package import Faults

/// Why a text is not the JSON that was asked for.
package struct JSONError: Fault {
    package enum Code: String, FaultCode {
        /// The text breaks the grammar of RFC 8259.
        case malformed = "JSON-101"
        /// The value nests deeper than the limit.
        case tooDeep = "JSON-102"
        /// A member is missing or has another type than the reader needs.
        case unexpectedShape = "JSON-103"

        package var kind: FaultKind { .invalidRequest }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at place: FaultPlace? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.place = place
    }
}
