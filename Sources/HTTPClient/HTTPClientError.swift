package import Faults

/// Why a request got no answer.
package struct HTTPClientError: Fault {
    package enum Code: String, FaultCode {
        case invalidURL = "HTC-101"
        /// The answer is longer than the caller takes.
        case answerTooLarge = "HTC-102"
        /// Nothing was sent: the name is unknown, or nobody listens.
        case notConnected = "HTC-201"
        case tlsFailed = "HTC-202"
        /// No whole answer within the deadline; the request may have been carried out.
        case timedOut = "HTC-203"
        /// The connection broke; the request may have been carried out.
        case interrupted = "HTC-204"
        /// The server's certificate is not trusted, or is another server's. Nothing was sent.
        case certificateRefused = "HTC-205"
        case cancelled = "HTC-301"

        package var kind: FaultKind {
            switch self {
            case .invalidURL: .invalidRequest
            case .answerTooLarge: .exhausted
            case .notConnected, .tlsFailed, .certificateRefused: .unavailable
            case .timedOut, .interrupted: .outcomeUnknown
            case .cancelled: .cancelled
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
