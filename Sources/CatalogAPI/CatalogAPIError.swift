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
        /// A request to storage that is not signed: it touches more than the table's files, or nobody knows what it does.
        case signingRefused = "CTA-106"
        /// The token may not choose this place for a table: nothing says that what lies there is its own.
        case locationNotGranted = "CTA-107"

        /// The catalog keeps no functions yet, so no name is one's.
        case noSuchFunction = "CTA-108"

        var kind: FaultKind {
            switch self {
            case .noSuchFunction: .notFound
            case .signingRefused, .locationNotGranted: .denied
            default: .invalidRequest
            }
        }
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
