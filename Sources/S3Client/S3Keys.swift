/// What requests to a store are signed with.
package struct S3Keys: Sendable, Hashable {
    package var accessKey: String
    package var secret: String
    /// Goes with temporary keys.
    package var sessionToken: String?

    package init(accessKey: String, secret: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secret = secret
        self.sessionToken = sessionToken
    }
}

/// Gives the keys that hold now.
package protocol S3KeySource: Sendable {
    /// - Errors: `BLB-304` when there are none.
    func keys() async throws -> S3Keys
    /// The store has refused the keys given last; false when no others can be had.
    func renew() async -> Bool
}

/// Keys that do not change while the process runs.
package struct FixedS3Keys: S3KeySource {
    private let fixed: S3Keys
    package init(_ keys: S3Keys) { fixed = keys }
    package func keys() async throws -> S3Keys { fixed }
    package func renew() async -> Bool { false }
}
