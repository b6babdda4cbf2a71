package import Faults

/// Why somebody is not known or may not do something.
package struct IdentityError: Fault {
    package enum Code: String, FaultCode {
        /// No token, or one that nobody knows, or one whose time is over.
        case unauthenticated = "IDN-101"
        /// The token is good, its scopes do not reach this far.
        case denied = "IDN-102"
        case invalidScope = "IDN-201"
        /// A token's name, expiry or value breaks the rules.
        case invalidToken = "IDN-202"
        case noSuchToken = "IDN-203"
        /// The last administrator's token cannot be deleted.
        case lastAdministrator = "IDN-204"
        /// The file with the administrator's token cannot be read or written.
        case adminFile = "IDN-301"
        /// A stored token does not decode.
        case corrupt = "IDN-302"

        package var kind: FaultKind {
            switch self {
            case .unauthenticated: .unauthenticated
            case .denied: .denied
            case .invalidScope, .invalidToken: .invalidRequest
            case .noSuchToken: .notFound
            case .lastAdministrator: .conflict
            case .adminFile: .unavailable
            case .corrupt: .corruptData
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
    }

    static func denied(_ permission: Permission, on resource: String) -> IdentityError {
        IdentityError(
            .denied, "the token lacks a scope", ["scope": permission.rawValue, "on": resource],
            hint: "ask an administrator for a token with this scope")
    }
}
