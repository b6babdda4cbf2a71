package import Faults

/// Why a management request was refused by the API itself.
package struct ManagementError: Fault {
    package enum Code: String, FaultCode {
        case noSuchAccount = "MGT-101"
        /// A query member has a value outside its range.
        case invalidQuery = "MGT-102"
        /// A member of the body is missing or has a wrong value.
        case invalidBody = "MGT-103"
        /// Sinks still write to the bucket. Delete them first.
        case bucketInUse = "MGT-201"
        /// Objects of an external store are not counted here.
        case notCounted = "MGT-301"

        package var kind: FaultKind {
            switch self {
            case .noSuchAccount: .notFound
            case .invalidQuery, .invalidBody: .invalidRequest
            case .bucketInUse: .conflict
            case .notCounted: .unsupported
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
