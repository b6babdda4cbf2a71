package import Effects

/// What is known of a token besides its value, which nobody keeps.
package struct Token: Sendable, Hashable {
    package let id: String
    package let name: String
    package let scopes: [Scope]
    package let created: Instant
    /// Nil for one that does not expire.
    package let expires: Instant?

    package func isExpired(at now: Instant) -> Bool { expires.map { $0 <= now } ?? false }
    package var principal: Principal { Principal(tokenID: id, scopes: scopes) }
}

/// A new token with its value, shown once.
package struct IssuedToken: Sendable {
    package let token: Token
    package let value: String
}
