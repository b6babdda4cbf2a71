package import Catalogs
import Effects
package import Identity
package import Telemetry
package import Wire

/// The Iceberg REST catalog over HTTP: decode, authorise, one call of `Catalog`, encode.
///
/// Each route is there three times: with the warehouse in the prefix, with it in the base, and with both.
///
///     /catalog/v1/{prefix}/namespaces
///     /catalog/{account}/{bucket}/v1/namespaces
///     /catalog/{account}/{bucket}/v1/{prefix}/namespaces
///
/// Source: Iceberg REST catalog specification.
package struct CatalogAPI: Sendable {
    package struct Settings: Sendable {
        /// What clients are told to reach objects at, such as `http://127.0.0.1:9000`.
        package var publicS3URL: String
        package var region = "auto"
        /// How long keys for a table's files live. In the second half of that time clients get new ones.
        package var credentialSeconds: Int64 = 3600

        package init(publicS3URL: String) { self.publicS3URL = publicS3URL }
    }

    let catalog: Catalog
    let plans: PlanService
    let settings: Settings
    let authenticator: Authenticator
    let clock: any Clock
    let reports: ReportMeters
    /// Makes S3 keys that live for a while and die with the token they are made for.
    let vend: @Sendable (TemporaryCredential.Request, _ tokenID: String) -> TemporaryCredential
    /// Whom a bearer value belongs to, for the OAuth endpoint.
    let verify: @Sendable (_ bearer: String) async throws -> Principal

    package init(
        catalog: Catalog, plans: PlanService, tokens: TokenStore, settings: Settings, metrics: MetricsRegistry
    ) {
        self.init(
            catalog: catalog, plans: plans, settings: settings,
            verify: { try await tokens.verify(bearer: $0) },
            metrics: metrics, vend: { tokens.vendedCredential($0, to: $1) })
    }

    init(
        catalog: Catalog, plans: PlanService, settings: Settings,
        verify: @escaping @Sendable (_ bearer: String) async throws -> Principal,
        clock: any Clock = LiveClock(), metrics: MetricsRegistry = MetricsRegistry(),
        vend: @escaping @Sendable (TemporaryCredential.Request, _ tokenID: String) -> TemporaryCredential
    ) {
        self.catalog = catalog
        self.plans = plans
        self.settings = settings
        self.verify = verify
        self.clock = clock
        reports = ReportMeters(metrics)
        self.vend = vend
        authenticator = Authenticator(verify: verify)
    }

    package func router(log: Log) -> Router {
        var router = Router(log: log) { error, _ in CatalogErrorBody.response(to: error) }
        for base in ["/catalog/v1", "/catalog/{account}/{bucket}/v1"] {
            router.add("GET", base + "/config") { try await folded(try await getConfig($0), for: $0) }
            router.add("POST", base + "/oauth/tokens") { try await getToken($0) }
        }
        for base in [
            "/catalog/v1/{prefix}", "/catalog/{account}/{bucket}/v1",
            "/catalog/{account}/{bucket}/v1/{prefix}",
        ] {
            for route in CatalogRoute.all {
                router.add(route.method, base + route.path, bodyLimitBytes: route.bodyLimitBytes) { request in
                    let answer = try await answer(try await context(of: request), by: route)
                    return try await folded(answer, for: request)
                }
            }
        }
        // Other paths below are errors in the words of this interface.
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
            router.add(method, "/catalog/{path...}") { request in
                throw WireError(.noRoute, "no such path", ["method": method, "path": request.path])
            }
        }
        return router
    }
}
