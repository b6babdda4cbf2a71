import CatalogAPI
import Effects
import IngestAPI
import ManagementAPI
import S3API
import Telemetry
import Wire

extension NodeRooms {
    /// Everything on the HTTP port.
    func httpServer(
        s3URL: String, publicURL: @escaping @Sendable () -> String, readiness: Readiness
    ) -> HTTPServer {
        let authenticator = Authenticator(tokens: tokens)
        var router = SystemRoutes(metastore: metastore, metrics: metrics, readiness: readiness).router(
            log: log)
        router.merge(
            CatalogAPI(catalog: catalog, tokens: tokens, settings: CatalogAPI.Settings(publicS3URL: s3URL))
                .router(log: log))
        var ingestLimits = IngestAPI.Limits()
        ingestLimits.bodyBytes = settings.ingestBodyBytes
        router.merge(
            IngestAPI(streams: streams, authenticator: authenticator, limits: ingestLimits, pool: pool)
                .router(log: log))
        router.merge(
            ManagementAPI.router(
                services: ManagementServices(
                    account: settings.account, buckets: buckets, catalog: catalog, streams: streams,
                    pipelines: pipelines, tokens: tokens, authenticator: authenticator, clock: LiveClock(),
                    publicURL: publicURL,
                    settings: settings.json),
                log: log))
        return server("http", settings.listen, router)
    }

    /// The S3 protocol on its own port.
    func s3Server() -> HTTPServer {
        let service = S3Service(store: buckets, credentials: TokenCredentials(tokens: tokens), log: log)
        return HTTPServer(
            name: "s3", address: settings.s3Listen.host, port: settings.s3Listen.port, limits: limits,
            effects: ServerEffects(log: log, metrics: metrics), handler: service.answer)
    }

    private func server(_ name: String, _ address: HostPort, _ router: Router) -> HTTPServer {
        HTTPServer(
            name: name, address: address.host, port: address.port, limits: limits,
            effects: ServerEffects(log: log, metrics: metrics), refuse: router.refuse, handler: router.answer)
    }

    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.threads = ProcessSetup.coreCount
        limits.drainSeconds = settings.drainSeconds
        return limits
    }
}
