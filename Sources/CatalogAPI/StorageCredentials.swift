import Catalogs
import Effects
import Iceberg
import Identity
import JSONText
import Octets
import Signing
import Wire

/// Keys for the S3 endpoint, and what they are for.
struct StorageCredentials {
    /// What the keys are for: everything below the table's location.
    var prefix: String
    var config: [String: String]

    /// `[{"prefix": "s3://lake/__firn/web/clicks-…/", "config": {"s3.access-key-id": …}}]`
    var json: JSONValue {
        [["prefix": .string(prefix), "config": JSONValue(properties: config)]]
    }
}

extension CatalogAPI {
    /// How clients reach objects. Every reader of Iceberg has its own name for the region.
    var storageConfig: [String: String] {
        [
            "s3.endpoint": settings.publicS3URL, "s3.region": settings.region,
            "client.region": settings.region,
            "s3.path-style-access": "true", "s3.remote-signing-enabled": "false",
        ]
    }

    /// Keys for the table's files and nothing else: to write where the caller may write the table, else to read.
    ///
    /// Whoever holds them needs no rights on storage. An external store would be asked for keys of its own here.
    func credentials(
        for table: TableIdentifier, _ metadata: TableMetadata, _ context: CatalogContext,
        isStaged: Bool = false
    ) throws -> StorageCredentials {
        let location = try TableLocation(metadata.location)
        let request = TemporaryCredential.Request(
            bucket: location.bucket,
            permission: context.mayWrite(table) ? .objectReadWrite : .objectReadOnly,
            seconds: settings.credentialSeconds, prefixes: [location.key + "/"], objects: [],
            table: TemporaryCredential.Table(
                uuid: metadata.uuid.description, location: location.uri, isStaged: isStaged))
        let keys = vend(request, context.principal.tokenID)
        var config = config(for: metadata)
        config["s3.access-key-id"] = context.principal.tokenID
        config["s3.secret-access-key"] = keys.secret
        config["s3.session-token"] = keys.sessionToken
        config["s3.session-token-expires-at-ms"] = String(keys.expires.milliseconds)
        config["client.refresh-credentials-endpoint"] = credentialsPath(of: table, context)
        return StorageCredentials(prefix: location.uri + "/", config: config)
    }

    /// What a client is told of the table besides: where its files are, and who plans scans, if an owner decided that.
    private func config(for metadata: TableMetadata) -> [String: String] {
        var config = storageConfig
        if let mode = metadata.properties[Self.planningProperty], ["client", "server"].contains(mode) {
            config["scan-planning-mode"] = mode
        }
        return config
    }

    private func credentialsPath(of table: TableIdentifier, _ context: CatalogContext) -> String {
        context.path(of: table) + "/credentials"
    }

    /// A table's property: `client` or `server`.
    private static let planningProperty = "firn.scan-planning-mode"

    /// The whole answer to a create, load or register: with keys when the client asks to have access delegated.
    func tableResponse(
        _ answer: TableAnswer, of table: TableIdentifier, _ context: CatalogContext
    ) throws -> Response {
        let answer = told(answer, of: table, context)
        guard context.wantsCredentials else { return answer.response(isSigned: context.wantsSigning) }
        return answer.response(
            credentials: try credentials(
                for: table, answer.metadata, context, isStaged: answer.metadataLocation == nil))
    }

    /// The answer with all that its ETag is made of. Keys are not: each answer has others.
    func told(_ answer: TableAnswer, of table: TableIdentifier, _ context: CatalogContext) -> TableAnswer {
        var answer = answer
        var config = config(for: answer.metadata)
        if context.wantsCredentials {
            config["client.refresh-credentials-endpoint"] = credentialsPath(of: table, context)
        }
        if context.wantsSigning { config.merge(signingConfig(for: table, context)) { $1 } }
        answer.config = config
        answer.keyMark = keyMark(for: table, context)
        return answer
    }

    /// For clients that have each request signed instead of keys of their own.
    private func signingConfig(for table: TableIdentifier, _ context: CatalogContext) -> [String: String] {
        let endpoint = context.path(of: table) + "/sign"
        // PyIceberg's names, and those of readers from before `remote-signing-config`.
        return [
            "s3.remote-signing-enabled": "true", "s3.signer": "S3V4RestSigner",
            "s3.signer.endpoint": endpoint,
            "signer.endpoint": endpoint,
        ]
    }

    /// What tells an answer with keys from one whose keys are older, so that "not modified" never means keys that have
    /// less than half of their time left. Nil for answers without keys.
    private func keyMark(for table: TableIdentifier, _ context: CatalogContext) -> String? {
        guard context.wantsCredentials else { return nil }
        let period = clock.now.microseconds / 1_000_000 / max(1, settings.credentialSeconds / 2)
        let right = context.mayWrite(table) ? "w" : "r"
        return Hex.encode(SHA256.hash("\(context.principal.tokenID) \(right) \(period)").prefix(8))
    }
}

extension CatalogContext {
    /// The client asks to be given keys for the table's files.
    var wantsCredentials: Bool { delegations.contains("vended-credentials") }

    /// The client can have its requests signed, and wants no keys.
    var wantsSigning: Bool { delegations.contains("remote-signing") && !wantsCredentials }

    /// What the client offers to have access by.
    var delegations: Set<String> {
        guard mayDelegate else { return [] }
        return Set(
            (request.headers["x-iceberg-access-delegation"] ?? "").split(separator: ",").map { part in
                part.filter { !$0.isWhitespace }.lowercased()
            })
    }

    func mayWrite(_ table: TableIdentifier) -> Bool {
        principal.allows(.catalogWrite, on: .table(warehouse.bucket, table.namespace.levels, table.name))
    }

    /// `v1/local_lake/namespaces/web%1Fraw/tables/clicks`, to be resolved against the catalog's address.
    func path(of table: TableIdentifier) -> String {
        let levels = table.namespace.levels.joined(separator: String(Namespace.wireSeparator))
        return "v1/\(PercentEncoding.encode(warehouse.name))/namespaces/\(PercentEncoding.encode(levels))"
            + "/tables/\(PercentEncoding.encode(table.name))"
    }
}
