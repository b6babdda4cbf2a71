import CatalogAPI
import Catalogs
import Effects
import Identity
import IngestAPI
import ManagementAPI
import Metastore
import Pipelines
import QueryAPI
import S3API
import Sessions
import Streams
import Telemetry
import Wire

extension NodeRooms {
    /// Everything on the HTTP port.
    func httpServer(
        s3URL: String, publicURL: @escaping @Sendable () -> String, readiness: Readiness
    ) -> HTTPServer {
        let router = httpRouter(s3URL: s3URL, publicURL: publicURL, readiness: readiness)
        // Where nobody else can be, nobody is asked.
        let forwarding = metastore.isShared ? RequestForwarding(self) : nil
        return HTTPServer(
            name: "http", address: settings.listen.host, port: settings.listen.port, limits: limits,
            effects: ServerEffects(log: log, metrics: metrics),
            hooks: ServerHooks(refuse: router.refuse, isProbe: { SystemRoutes.probes.contains($0.path) }),
            handler: { request in
                guard let forwarding else { return await router.answer(request) }
                return await forwarding.answer(request, here: router)
            })
    }

    func httpRouter(
        s3URL: String, publicURL: @escaping @Sendable () -> String, readiness: Readiness
    ) -> Router {
        let authenticator = Authenticator(tokens: tokens)
        let catalogAPI = CatalogAPI(
            catalog: catalog, plans: plans, tokens: tokens,
            settings: CatalogAPI.Settings(publicS3URL: s3URL), metrics: metrics)
        var ingestLimits = IngestAPI.Limits()
        ingestLimits.bodyBytes = settings.ingestBodyBytes
        let ingestAPI = IngestAPI(
            streams: streams, authenticator: authenticator, limits: ingestLimits,
            morsels: morsels, ledger: ledger,
            land: { [pipelines] stream, offset, token in
                do { return try await pipelines.land(stream: stream, to: offset, token: token) } catch let
                    error
                    as PipelinesError where [.failed, .paused].contains(error.code)
                {
                    throw LandingHalt(error)
                }
            })
        let services = ManagementServices(
            account: settings.account, buckets: objects.buckets, catalog: catalog, streams: streams,
            pipelines: pipelines,
            queries: session.queries, tokens: tokens, authenticator: authenticator, clock: LiveClock(),
            publicURL: publicURL, publicS3URL: s3URL, settings: settings.json,
            cluster: ClusterView(
                settings: settings, s3URL: s3URL, publicURL: publicURL, readiness: readiness,
                metastore: metastore
            ).json)
        let runner = QueryRunner(session: session, account: settings.account)
        let queryAPI = QueryAPI(account: settings.account, authenticator: authenticator, run: runner.run)

        var router = SystemRoutes(
            metastore: metastore, metrics: metrics, streams: streams, readiness: readiness
        ).router(log: log)
        router.merge(catalogAPI.router(log: log))
        router.merge(ingestAPI.router(log: log))
        router.merge(ManagementAPI.router(services: services, log: log))
        router.merge(queryAPI.router(log: log))
        return router
    }

    /// The S3 protocol on its own port.
    func s3Server() -> HTTPServer {
        let credentials = TokenCredentials(tokens: tokens) { [catalog] table in
            try await catalog.hasTable(uuid: table.uuid, at: table.location, isStaged: table.isStaged)
        }
        let service = S3Service(
            buckets: objects.buckets, objects: objects.served, pool: pool, ledger: ledger,
            credentials: credentials,
            deleteBucket: BucketRemoval(
                buckets: objects.buckets, catalog: catalog, pipelines: pipelines
            ).remove,
            log: log)
        var limits = limits
        limits.promptBodyBytes = 64 << 10
        limits.bodyQueueBytes = 512 << 10
        limits.bodyBatchBytes = 256 << 10
        // Half of what a download reserves; the other half is the piece that is on its way there.
        limits.answerQueueBytes = 512 << 10
        return HTTPServer(
            name: "s3", address: settings.s3Listen.host, port: settings.s3Listen.port, limits: limits,
            effects: ServerEffects(log: log, metrics: metrics),
            hooks: ServerHooks(refuse: service.refuse, renderRefusal: S3Service.refusal),
            handler: service.answer)
    }

    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.threads = ProcessSetup.limits.cores
        limits.drainSeconds = settings.drainSeconds
        limits.usesTLS = settings.usesTLS
        return limits
    }
}

extension LandingHalt {
    /// Of a pipeline that is paused or has failed.
    fileprivate init(_ error: PipelinesError) {
        let name = error.context.first { $0.name == "pipeline" }.map { " (pipeline: \($0.value))" } ?? ""
        self.init(reason: error.summary + name, remedy: error.hint ?? "resume the pipeline")
    }
}
