import Effects
import JSONText
import Metastore

/// What `firn/cluster` answers: this node, then the others of its database.
struct ClusterView: Sendable {
    private let startedAt = LiveClock().now
    let settings: NodeSettings
    let s3URL: String
    let publicURL: @Sendable () -> String
    let readiness: Readiness
    let metastore: Metastore

    init(
        settings: NodeSettings, s3URL: String, publicURL: @escaping @Sendable () -> String,
        readiness: Readiness, metastore: Metastore
    ) {
        self.settings = settings
        self.s3URL = s3URL
        self.publicURL = publicURL
        self.readiness = readiness
        self.metastore = metastore
    }

    @Sendable
    func json() async throws -> JSONValue {
        let id = metastore.node
        let others = try await metastore.nodes().filter { $0.id != id }.map { node -> JSONValue in
            [
                "id": .string(node.id), "roles": ["coordinator", "worker", "streams"],
                "state": .string(node.isAway ? "away" : "ready"), "version": nil,
                "http": .string(node.address), "s3": nil, "started_at": .string(node.startedAt.rfc3339),
            ]
        }
        return [
            "metastore": .string(settings.metastore == nil ? "sqlite" : "postgres"),
            "store": .string(settings.store == nil ? "local" : "s3"),
            "nodes": .array(
                [
                    [
                        "id": .string(id), "roles": ["coordinator", "worker", "streams", "storage"],
                        "state": .string(readiness.isReady ? "ready" : "draining"),
                        "version": .string(FirnVersion.current), "http": .string(publicURL()),
                        "s3": .string(s3URL), "started_at": .string(startedAt.rfc3339),
                    ]
                ] + others),
        ]
    }
}
