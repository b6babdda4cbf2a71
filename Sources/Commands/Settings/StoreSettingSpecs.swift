import Node

extension SettingSpec {
    /// Where objects are kept instead of in the data directory, and the keys for it.
    static let store: [SettingSpec] = [
        text(
            "store", "URL",
            "S3 store for the objects, as s3://BUCKET/PREFIX?endpoint=https://HOST&region=R&style=path",
            fallback: "objects in the data directory"
        ) { $0.store = try StoreSettings(address: $1) },
        text("store-access-key", "ID", "access key of the store; else AWS_ACCESS_KEY_ID") {
            $0.store?.accessKey = $1
        },
        text(
            "store-secret-key", "KEY", "secret key of the store; else AWS_SECRET_ACCESS_KEY", isSecret: true
        ) { $0.store?.secretKey = $1 },
        text(
            "store-session-token", "TOKEN", "goes with temporary keys; else AWS_SESSION_TOKEN", isSecret: true
        ) {
            $0.store?.sessionToken = $1
        },
        text(
            "store-key-file", "FILE",
            "file with the keys, as Amazon's tools write it; read again when they expire"
        ) { $0.store?.keyFile = $1 },
        text("store-profile", "NAME", "section of the file with the keys", fallback: "default") {
            $0.store?.profile = $1
        },
        text(
            "store-ca-file", "FILE",
            "PEM certificates of authorities that vouch for the store's; else AWS_CA_BUNDLE",
            fallback: "the system's"
        ) { $0.store?.certificateFile = $1 },
    ]
}

extension StoreSettings {
    /// Amazon's own variables, where nothing of ours is set.
    mutating func takeAmazons(from environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        certificateFile = certificateFile ?? value("AWS_CA_BUNDLE")
        guard accessKey == nil, secretKey == nil, keyFile == nil else { return }
        if let id = value("AWS_ACCESS_KEY_ID"), let secret = value("AWS_SECRET_ACCESS_KEY") {
            (accessKey, secretKey, sessionToken) = (id, secret, value("AWS_SESSION_TOKEN"))
            return
        }
        keyFile = value("AWS_SHARED_CREDENTIALS_FILE") ?? value("HOME").map { $0 + "/.aws/credentials" }
        profile = value("AWS_PROFILE") ?? profile
    }
}
