import Wire

/// Headers that ask for what is not done here. Ignoring them would promise something: a lock, a right. For encryption see
/// `EncryptionHeaders`.
enum UnsupportedHeaders {
    private static let names: Set<String> = [
        "x-amz-tagging", "x-amz-website-redirect-location", "x-amz-expected-bucket-owner",
        "x-amz-source-expected-bucket-owner", "x-amz-mfa", "x-amz-write-offset-bytes",
        "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled",
        "x-amz-bypass-governance-retention",
    ]
    private static let prefixes = ["x-amz-object-lock-", "x-amz-grant-"]
    /// What every object here has anyway.
    private static let harmlessACLs: Set<String> = [
        "private", "bucket-owner-full-control", "bucket-owner-read",
    ]

    /// Ways to check a body that S3 has and this does not: a body with one would go unchecked.
    private static func isChecksumUnknown(_ name: some StringProtocol) -> Bool {
        name.hasPrefix("x-amz-checksum-") && S3Checksum(header: name) == nil
            && !["algorithm", "mode", "type"].contains(name.dropFirst("x-amz-checksum-".count))
    }

    private static func isUnsupported(_ name: String, _ value: String) -> Bool {
        switch name {
        case "x-amz-acl": !harmlessACLs.contains(value)
        case "x-amz-trailer":
            value.lowercased().split(separator: ",").contains { isChecksumUnknown($0.drop { $0 == " " }) }
        default:
            names.contains(name) || prefixes.contains(where: name.hasPrefix) || isChecksumUnknown(name)
        }
    }

    /// - Errors: `S3-301`.
    static func check(_ request: Request) throws(S3Error) {
        for (name, value) in request.headers.entries {
            let name = name.lowercased()
            guard name.hasPrefix("x-amz-") else { continue }
            guard !isUnsupported(name, value) else {
                throw S3Error(
                    .notImplemented, "a header asks for what is not implemented",
                    ["header": name, "value": value])
            }
        }
    }
}
