package import Faults

/// Why a request was refused or an answer could not be given by the HTTP layer itself.
package struct WireError: Fault {
    package enum Code: String, FaultCode {
        /// The path or the query has broken escapes.
        case malformedTarget = "WIR-101"
        /// The body, a header or a parameter is not what the route takes.
        case invalidRequest = "WIR-102"
        /// No route has this path.
        case noRoute = "WIR-103"
        /// The path exists, the method does not.
        case methodNotAllowed = "WIR-104"
        /// No token, or one that nobody knows.
        case unauthenticated = "WIR-105"
        /// What came is no request of HTTP/1.1, or says two things about its length.
        case malformedRequest = "WIR-106"
        /// Another version of HTTP than 1.0 and 1.1.
        case versionUnknown = "WIR-107"
        /// A transfer coding other than chunked.
        case codingUnknown = "WIR-108"
        /// The body is longer than the route takes.
        case bodyTooLarge = "WIR-201"
        /// The bodies of all requests together take more memory than they may.
        case tooManyBodies = "WIR-202"
        /// All headers together take more than a request may.
        case headTooLarge = "WIR-203"
        /// The address takes more than a request may.
        case targetTooLong = "WIR-204"
        /// The client closed the connection.
        case clientGone = "WIR-301"
        /// The rest of a request did not come in time.
        case requestTimeout = "WIR-302"
        /// The address is in use, or is not one of this machine.
        case cannotListen = "WIR-401"
        /// The HTTP library refused to start.
        case cannotStart = "WIR-402"
        /// The server stops and takes no new requests. Send again in a moment, to where it is started again.
        case stopping = "WIR-403"
        /// The server ended a request that it could not answer.
        case cannotAnswer = "WIR-404"
        /// The certificate or its key cannot be read, or they do not belong together.
        case certificateUnusable = "WIR-405"

        package var kind: FaultKind {
            switch self {
            case .malformedTarget, .invalidRequest, .methodNotAllowed, .malformedRequest, .headTooLarge,
                .targetTooLong:
                .invalidRequest
            case .versionUnknown, .codingUnknown: .unsupported
            case .noRoute: .notFound
            case .unauthenticated: .unauthenticated
            case .bodyTooLarge, .tooManyBodies: .exhausted
            case .clientGone, .requestTimeout: .cancelled
            case .cannotListen, .cannotStart, .stopping: .unavailable
            case .cannotAnswer: .bug
            case .certificateUnusable: .invalidRequest
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

    static func bodyTooLarge(limit: Int) -> WireError {
        WireError(
            .bodyTooLarge, "the request body is too large", ["limit_bytes": limit], hint: "send less at once")
    }
}
