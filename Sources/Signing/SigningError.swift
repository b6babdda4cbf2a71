package import Faults

/// Why a signature, a sealed secret or a key was not accepted.
package struct SigningError: Fault {
    package enum Code: String, FaultCode {
        /// The request carries no signature at all.
        case missing = "SIG-101"
        /// The authorization cannot be read: missing parts, wrong algorithm, wrong date.
        case malformed = "SIG-102"
        /// The signature is not the one this secret gives.
        case mismatch = "SIG-103"
        /// The request was signed too long ago, or in the future.
        case skewed = "SIG-104"
        /// A presigned address past its time.
        case expired = "SIG-105"
        /// The body is not the one whose hash was signed.
        case payloadMismatch = "SIG-106"
        /// The chunks of an `aws-chunked` body are not well-formed.
        case malformedChunk = "SIG-107"
        /// The key file has the wrong size, or others can read it.
        case keyInvalid = "SIG-201"
        /// A sealed secret was changed, or sealed under another key.
        case sealBroken = "SIG-202"
        /// The key file cannot be read or written.
        case keyUnavailable = "SIG-301"

        package var kind: FaultKind {
            switch self {
            case .missing: .unauthenticated
            case .malformed, .payloadMismatch, .malformedChunk: .invalidRequest
            case .mismatch, .skewed, .expired: .denied
            case .keyInvalid, .sealBroken: .corruptData
            case .keyUnavailable: .unavailable
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
