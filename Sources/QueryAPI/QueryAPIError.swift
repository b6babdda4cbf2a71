package import Faults

/// Why a query request was refused before anybody looked at its SQL.
package struct QueryAPIError: Fault {
    package enum Code: String, FaultCode {
        /// The body has no `query`, or an empty one.
        case noQuery = "QRY-101"
        /// The path names an account that is not this node's.
        case noSuchAccount = "QRY-102"
        /// `Accept` names no media type an answer can have.
        case notAcceptable = "QRY-103"
        /// The format asked for has no place for a column's type.
        case unwritableType = "QRY-104"
        /// `namespace`, `timeout_ms` or another member beside the query has a wrong form, or means nothing here.
        case invalidMember = "QRY-105"

        package var kind: FaultKind {
            switch self {
            case .noQuery, .notAcceptable, .unwritableType, .invalidMember: .invalidRequest
            case .noSuchAccount: .notFound
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
