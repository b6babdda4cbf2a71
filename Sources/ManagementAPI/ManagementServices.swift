package import Buckets
package import Catalogs
package import Effects
package import Identity
package import JSONText
package import Pipelines
package import Sessions
package import Streams
package import Wire

/// What the management routes call.
package struct ManagementServices: Sendable {
    /// The one account of this node; it has no underscore.
    package var account: String
    package var buckets: any BucketDirectory
    package var catalog: Catalog
    package var streams: StreamRegistry
    package var pipelines: PipelineService
    package var queries: QueryRegistry
    package var tokens: TokenStore
    package var authenticator: Authenticator
    package var clock: any Clock
    /// What producers are told: `http://127.0.0.1:8787`, without a slash at the end.
    package var publicURL: @Sendable () -> String
    /// `http://127.0.0.1:9000`, without a slash at the end.
    package var publicS3URL: String
    /// The effective settings with their origin, for `firn/settings`; secrets left out.
    package var settings: JSONValue
    /// `{"nodes":[…]}`, as it is now.
    package var cluster: @Sendable () async throws -> JSONValue

    package init(
        account: String, buckets: any BucketDirectory, catalog: Catalog, streams: StreamRegistry,
        pipelines: PipelineService, queries: QueryRegistry, tokens: TokenStore, authenticator: Authenticator,
        clock: any Clock, publicURL: @escaping @Sendable () -> String, publicS3URL: String,
        settings: JSONValue, cluster: @escaping @Sendable () async throws -> JSONValue
    ) {
        self.account = account
        self.buckets = buckets
        self.catalog = catalog
        self.streams = streams
        self.pipelines = pipelines
        self.queries = queries
        self.tokens = tokens
        self.authenticator = authenticator
        self.clock = clock
        self.publicURL = publicURL
        self.publicS3URL = publicS3URL
        self.settings = settings
        self.cluster = cluster
    }
}
