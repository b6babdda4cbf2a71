package import Faults

/// Why a statement was not run, beside what its text, its plan or the catalog say.
package struct SessionsError: Fault {
    package enum Code: String, FaultCode {
        /// A table is named without a namespace, and the request has no default.
        case namespaceMissing = "SES-101"
        case unknownQuery = "SES-102"
        /// Too many statements run at once.
        case tooManyQueries = "SES-103"
        /// The statement is none this endpoint runs.
        case unsupportedStatement = "SES-104"

        package var kind: FaultKind {
            switch self {
            case .namespaceMissing: .invalidRequest
            case .unknownQuery: .notFound
            case .tooManyQueries: .exhausted
            case .unsupportedStatement: .unsupported
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at place: FaultPlace? = nil, hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.place = place
        self.hint = hint
    }
}
