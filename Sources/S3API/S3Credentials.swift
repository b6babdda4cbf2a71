package import Identity

/// Finds the secret that goes with an access key.
package protocol S3Credentials: Sendable {
    /// Nil when nobody has this key.
    func secret(forAccessKey accessKey: String) async throws -> (secret: String, principal: Principal)?
}

/// Tokens as S3 keys: the access key is the token's id, the secret the hex SHA-256 of its value.
package struct TokenCredentials: S3Credentials {
    private let tokens: TokenStore

    package init(tokens: TokenStore) { self.tokens = tokens }

    package func secret(forAccessKey accessKey: String) async throws -> (
        secret: String, principal: Principal
    )? {
        do {
            return try await tokens.s3Secret(accessKey: accessKey)
        } catch let error as IdentityError where error.code == .unauthenticated {
            return nil
        }
    }
}
