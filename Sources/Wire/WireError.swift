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
        /// The body is longer than the route takes.
        case bodyTooLarge = "WIR-201"
        /// The bodies of all requests together take more memory than they may.
        case tooManyBodies = "WIR-202"
        /// The client closed the connection.
        case clientGone = "WIR-301"
        /// The address is in use, or is not one of this machine.
        case cannotListen = "WIR-401"
        /// The HTTP library refused to start.
        case cannotStart = "WIR-402"

        package var kind: FaultKind {
            switch self {
            case .malformedTarget, .invalidRequest, .methodNotAllowed: .invalidRequest
            case .noRoute: .notFound
            case .unauthenticated: .unauthenticated
            case .bodyTooLarge, .tooManyBodies: .exhausted
            case .clientGone: .cancelled
            case .cannotListen, .cannotStart: .unavailable
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
