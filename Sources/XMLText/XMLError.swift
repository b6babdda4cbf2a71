package import Faults

/// Why a text is no XML document of the small kind that is read here.
package struct XMLError: Fault {
    package enum Code: String, FaultCode {
        /// The text breaks the grammar, or has what is not read: document types, unknown entities, great depth.
        case malformed = "XML-101"

        package var kind: FaultKind { .invalidRequest }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]

    init(_ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:]) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
    }
}
