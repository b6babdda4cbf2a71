package import Faults

/// Why a text is not a statement of Firn's SQL, with the line and column where it stops being one.
package struct SQLSyntaxError: Fault {
    package enum Code: String, FaultCode {
        /// A token stands where the grammar has no place for it.
        case unexpectedToken = "SYN-101"
        /// A string, quoted name or comment never ends.
        case unterminated = "SYN-102"
        /// A character that starts no token, or a literal whose spelling is wrong.
        case invalidToken = "SYN-103"
        /// Parentheses, subqueries or operators nest deeper than the limit.
        case tooDeep = "SYN-104"
        /// The text has more bytes or tokens than the limit.
        case tooLong = "SYN-105"
        /// A statement or clause the grammar knows and this build does not run.
        case unsupported = "SYN-201"

        package var kind: FaultKind { self == .unsupported ? .unsupported : .invalidRequest }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at position: TextPosition, hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.place = position.place
        self.hint = hint
    }
}
