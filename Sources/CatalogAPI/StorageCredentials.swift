import Iceberg
import Identity
import JSONText
import Wire

/// Keys for the S3 endpoint, and what they are for.
///
/// They are the caller's own token in its S3 form, so they give exactly the rights the caller has.
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

    func credentials(
        for metadata: TableMetadata, _ context: CatalogContext
    ) async throws -> StorageCredentials {
        var config = storageConfig
        config["s3.access-key-id"] = context.principal.tokenID
        config["s3.secret-access-key"] = try await storageSecret(context.principal.tokenID)
        return StorageCredentials(prefix: metadata.location + "/", config: config)
    }

    /// The whole answer to a create, load or register: with keys when the client asks to have access delegated.
    func tableResponse(_ answer: TableAnswer, _ context: CatalogContext) async throws -> Response {
        guard context.wantsCredentials else { return answer.response(config: storageConfig) }
        let credentials = try await credentials(for: answer.metadata, context)
        // Older clients look into `config` only.
        return answer.response(config: credentials.config, credentials: credentials)
    }
}

extension CatalogContext {
    /// The client asks to be given keys for the table's files.
    var wantsCredentials: Bool {
        (request.headers["x-iceberg-access-delegation"] ?? "").split(separator: ",").contains {
            $0.trimmingPrefix(while: \.isWhitespace).hasPrefix("vended-credentials")
        }
    }
}
