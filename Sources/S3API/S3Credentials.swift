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
///
/// Keys vended for a table are asked about at each request, so that they end with their table.
package struct TokenCredentials: S3Credentials {
    private let tokens: TokenStore
    private let isThere: @Sendable (TemporaryCredential.Table) async throws -> Bool

    /// `isThere` tells whether the files are still that table's.
    package init(
        tokens: TokenStore, isThere: @escaping @Sendable (TemporaryCredential.Table) async throws -> Bool
    ) {
        self.tokens = tokens
        self.isThere = isThere
    }

    package func secret(
        forAccessKey accessKey: String, sessionToken: String?, now: Instant
    ) async throws -> (secret: String, principal: Principal)? {
        do {
            let parent = try await tokens.s3Secret(accessKey: accessKey)
            guard let sessionToken else { return parent }
            let session = try TemporaryCredential(
                sessionToken: sessionToken, parentSecret: parent.secret, vendingSecret: tokens.vendingSecret,
                now: now)
            if let table = session.table, try await !isThere(table) { return nil }
            return (session.secret, session.principal(of: parent.principal))
        } catch let error as IdentityError where error.code == .unauthenticated {
            return nil
        }
    }
}
