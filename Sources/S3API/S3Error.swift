package import Faults

/// An answer of the S3 protocol that is no success; the raw value is our code, `name` is Amazon's.
package struct S3Error: Fault {
    package enum Code: String, FaultCode {
        case invalidArgument = "S3-101"
        case invalidURI = "S3-102"
        case malformedXML = "S3-103"
        case badDigest = "S3-104"
        case invalidDigest = "S3-105"
        case incompleteBody = "S3-106"
        case entityTooLarge = "S3-107"
        case metadataTooLarge = "S3-108"
        case missingContentLength = "S3-109"
        case methodNotAllowed = "S3-110"
        case invalidRange = "S3-111"
        case invalidRequest = "S3-112"
        case invalidStorageClass = "S3-113"
        case invalidPartNumber = "S3-114"
        case preconditionFailed = "S3-201"
        case noSuchCORS = "S3-203"
        case noSuchLifecycle = "S3-204"
        case noSuchEncryption = "S3-205"
        /// No rule lets the web page do this.
        case corsForbidden = "S3-206"
        /// The external store behind refuses a request that brings a customer's key.
        case keyRefused = "S3-207"
        case notImplemented = "S3-301"
        /// The external store behind refuses what it is asked, or is none.
        case storeRefused = "S3-302"

        package var kind: FaultKind {
            switch self {
            case .preconditionFailed: .conflict
            case .noSuchCORS, .noSuchLifecycle, .noSuchEncryption: .notFound
            case .corsForbidden, .keyRefused: .denied
            case .notImplemented: .unsupported
            case .storeRefused: .unavailable
            default: .invalidRequest
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
