import Faults

/// Why a request to the catalog's HTTP interface could not be understood.
struct CatalogAPIError: Fault {
    enum Code: String, FaultCode {
        /// A query member, header or part of the path is not what the route takes.
        case malformedParameter = "CTA-101"
        /// The body is no JSON object, misses a member, or has one of another kind.
        case malformedBody = "CTA-102"
        /// The OAuth request asks for a flow other than client credentials.
        case unsupportedGrant = "CTA-103"
        /// The identifier in the body is not the one in the path.
        case identifierMismatch = "CTA-104"
        /// The `Idempotency-Key` is no UUID of version 7.
        case malformedKey = "CTA-105"

        var kind: FaultKind { .invalidRequest }
    }

    let code: Code
    let summary: String
    let context: [(name: String, value: String)]
    let hint: String?

    init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
