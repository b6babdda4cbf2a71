import Effects
import JSONText

/// What `firn/cluster` answers: the one node there is, which does everything.
struct ClusterView: Sendable {
    private let startedAt = LiveClock().now
    let settings: NodeSettings
    let s3URL: String
    let publicURL: @Sendable () -> String
    let readiness: Readiness

    init(
        settings: NodeSettings, s3URL: String, publicURL: @escaping @Sendable () -> String,
        readiness: Readiness
    ) {
        self.settings = settings
        self.s3URL = s3URL
        self.publicURL = publicURL
        self.readiness = readiness
    }

    @Sendable
    func json() -> JSONValue {
        [
            "metastore": .string(settings.metastore == nil ? "sqlite" : "postgres"),
            "store": .string(settings.store == nil ? "local" : "s3"),
            "nodes": [
                [
                    "id": "local", "roles": ["coordinator", "worker", "streams", "storage"],
                    "state": .string(readiness.isReady ? "ready" : "draining"),
                    "version": .string(FirnVersion.current), "http": .string(publicURL()),
                    "s3": .string(s3URL), "started_at": .string(startedAt.rfc3339),
                ]
            ],
        ]
    }
}
