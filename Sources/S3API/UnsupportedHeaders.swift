import Wire

/// Headers that ask for what is not done here. Ignoring them would promise something: encryption, a lock, a right.
enum UnsupportedHeaders {
    private static let names: Set<String> = [
        "x-amz-tagging", "x-amz-website-redirect-location", "x-amz-expected-bucket-owner",
        "x-amz-source-expected-bucket-owner", "x-amz-mfa", "x-amz-write-offset-bytes",
        "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled",
        "x-amz-bypass-governance-retention",
    ]
    private static let prefixes = [
        "x-amz-server-side-encryption", "x-amz-copy-source-server-side-encryption", "x-amz-object-lock-",
        "x-amz-grant-",
    ]
    /// What every object here has anyway.
    private static let harmlessACLs: Set<String> = [
        "private", "bucket-owner-full-control", "bucket-owner-read",
    ]

    /// - Errors: `S3-301`.
    static func check(_ request: Request) throws(S3Error) {
        for (name, value) in request.headers.entries {
            let name = name.lowercased()
            guard name.hasPrefix("x-amz-") else { continue }
            let isHarmless = name != "x-amz-acl" || harmlessACLs.contains(value)
            let isKnown = !names.contains(name) && !prefixes.contains(where: name.hasPrefix) && isHarmless
            guard isKnown else {
                throw S3Error(
                    .notImplemented, "a header asks for what is not implemented",
                    ["header": name, "value": value])
            }
        }
    }
}
