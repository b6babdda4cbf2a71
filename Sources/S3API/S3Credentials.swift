package import Effects
package import Identity

/// Finds the secret that goes with an access key.
package protocol S3Credentials: Sendable {
    /// Nil when nobody has this key.
    ///
    /// - Errors: `IDN-101` for a session token that is not one, or has expired.
    func secret(
        forAccessKey accessKey: String, sessionToken: String?, now: Instant
    ) async throws -> (secret: String, principal: Principal)?
}

/// Tokens as S3 keys: the access key is the token's id, the secret the hex SHA-256 of its value.
package struct TokenCredentials: S3Credentials {
    private let tokens: TokenStore

    package init(tokens: TokenStore) { self.tokens = tokens }

    package func secret(
        forAccessKey accessKey: String, sessionToken: String?, now: Instant
    ) async throws -> (secret: String, principal: Principal)? {
        do {
            let parent = try await tokens.s3Secret(accessKey: accessKey)
            guard let sessionToken else { return parent }
            let session = try TemporaryCredential(
                sessionToken: sessionToken, parentSecret: parent.secret, vendingSecret: tokens.vendingSecret,
                now: now)
            return (session.secret, session.principal(of: parent.principal))
        } catch let error as IdentityError where error.code == .unauthenticated {
            return nil
        }
    }
}
