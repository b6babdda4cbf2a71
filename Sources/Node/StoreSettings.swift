package import S3Client

/// The store that holds the objects instead of the data directory, and what its requests are signed with.
package struct StoreSettings: Sendable {
    package var address: S3Address
    package var accessKey: String?
    package var secretKey: String?
    package var sessionToken: String?
    /// A file in the form of Amazon's tools, where no keys are given.
    package var keyFile: String?
    package var profile = "default"
    /// Certificates, in PEM, that vouch for the store's own instead of the system's.
    package var certificateFile: String?

    /// - Errors: `NOD-101`.
    package init(address text: String) throws(NodeError) {
        do throws(S3Address.Malformed) { address = try S3Address(parsing: text) } catch {
            throw NodeError(.invalidSetting, error.summary, ["store": text], hint: error.hint)
        }
    }

    /// - Errors: `NOD-101` unless there are keys, or a file with them.
    func validate() throws(NodeError) {
        guard (accessKey == nil) == (secretKey == nil) else {
            throw NodeError(
                .invalidSetting, "a store's access key goes with its secret key",
                hint: "pass --store-access-key and --store-secret-key")
        }
        guard accessKey != nil || keyFile != nil else {
            throw NodeError(
                .invalidSetting, "there are no keys for the store", ["store": "s3://\(address.bucket)"],
                hint:
                    "set FIRN_STORE_ACCESS_KEY and FIRN_STORE_SECRET_KEY, Amazon's AWS_… variables, or --store-key-file"
            )
        }
    }
}
