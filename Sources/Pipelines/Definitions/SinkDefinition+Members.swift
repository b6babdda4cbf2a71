import JSONText
import Streams

/// What a request to make a sink may say. Not asked of sinks that exist: those must be readable.
extension SinkDefinition {
    private static let schema = KnownMembers(["fields", "inferred"])
    /// Names of the hosted service that say who writes, and secrets, which are dropped.
    private static let anyConfig: [(name: String, value: KnownMembers)] = [
        ("account_id", .anything), ("bucket", .anything), ("jurisdiction", .anything), ("token", .anything),
        ("credentials", KnownMembers(["access_key_id", "secret_access_key", "endpoint"])),
        (
            "rolling_policy",
            KnownMembers(["interval_seconds", "file_size_bytes", "file_rows", "inactivity_seconds"])
        ),
    ]
    private static let tableConfig: [(name: String, value: KnownMembers)] = [
        ("namespace", .anything), ("table_name", .anything), ("table", .anything),
        ("schema_policy", .anything),
    ]
    private static let filesConfig: [(name: String, value: KnownMembers)] = [
        ("path", .anything), ("partitioning", KnownMembers(["time_pattern"])),
        ("file_naming", KnownMembers(["prefix", "suffix", "strategy"])),
    ]

    /// - Errors: `PIP-105` with the path of the first member that is not known.
    func requireKnownMembers(in body: JSONValue) throws(PipelinesError) {
        let config = Self.anyConfig + (kind == .r2 ? Self.filesConfig : Self.tableConfig)
        let formats =
            switch format {
            case .parquet: ["type", "compression", "row_group_bytes"]
            case .json: ["type", "compression", "timestamp_format", "decimal_encoding", "unstructured"]
            }
        try requireKnown(
            .members([
                ("name", .anything), ("type", .anything), ("config", .members(config)),
                ("format", KnownMembers(formats)), ("schema", Self.schema),
            ]), in: body)
    }
}

/// - Errors: `PIP-105` with the path of the first member that is not known; the body's own is `path`.
func requireKnown(_ known: KnownMembers, in body: JSONValue, at path: String = "$") throws(PipelinesError) {
    guard let stranger = known.stranger(in: body, at: path) else { return }
    throw PipelinesError(
        .invalidDefinition, "the request has a member nobody knows", ["path": stranger.path],
        hint: "members there are " + stranger.known.joined(separator: ", "))
}
