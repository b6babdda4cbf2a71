import Buckets
import Effects
import JSONText
package import Metastore
import S3Client
import Streams
package import Telemetry

/// What a node runs with: every member is a flag, an environment variable and a line of the settings file.
package struct NodeSettings: Sendable {
    package var dataDirectory: String
    /// Nil for SQLite in the data directory.
    package var metastore: PostgresAddress?
    /// Nil for the data directory.
    package var store: StoreSettings?
    package var listen = HostPort(host: "127.0.0.1", port: 8787)
    package var s3Listen = HostPort(host: "127.0.0.1", port: 9000)
    /// What clients are told; nil for the real address. No slash at the end.
    package var publicURL: String?
    package var s3PublicURL: String?
    /// Somebody in front does TLS and decides who gets here.
    package var isBehindProxy = false
    /// PEM files; both or neither.
    package var tlsCertificatePath: String?
    package var tlsKeyPath: String?
    /// The account id in paths; no underscore, since warehouses are named account_bucket.
    package var account = "local"
    /// `id:value`, from `FIRN_ADMIN_TOKEN`.
    package var adminToken: String?
    package var logLevel = LogLevel.info
    /// What queries, pipelines and caches may hold together; nil takes half of the machine's memory.
    package var memoryBytes: Int?
    /// What one query may hold; nil takes a quarter of the machine's memory. What it needs beyond goes to disk.
    package var queryMemoryBytes: Int?
    /// Bytes on disk that all queries together may put aside.
    package var spillBytes = 64 << 30
    /// Threads of the morsel pool; nil takes the number of cores.
    package var workerThreads: Int?
    /// Statements that take longer are logged with their plan; zero for none.
    package var slowQueryMilliseconds = 10_000
    /// How long running requests have at the end.
    package var drainSeconds = 20
    /// Largest ingest request, before and after decompression.
    package var ingestBodyBytes = 5 << 20
    /// Bounds of each stream's log; see `LogLimits`.
    package var logSegmentBytes = LogLimits().segmentBytes
    package var logReplayWindowBytes = LogLimits().replayWindowBytes
    package var logBacklogBytes = LogLimits().backlogBytes
    /// What stays free on the logs' disk for landing; nil for a tenth of the disk, at most 256 MiB.
    package var logReserveBytes: Int?
    /// Bytes of stored objects that are read back and checked each second.
    package var scrubBytes: Int64 = 4 << 20
    /// What multipart uploads may hold that nobody has completed yet.
    package var unfinishedUploadBytes = StoreLimits().unfinishedBytes
    /// How long a node is kept for a process that does not renew its lease; see `NodeLease`.
    package var leaseSeconds = 10
    /// Where other nodes of the database reach this one; nil for the real address.
    package var nodeURL: String?
    /// `NAME:COUNT`, from `FIRN_FAULT`; for kill tests.
    package var faultPoint: String?

    package init(dataDirectory: String) { self.dataDirectory = dataDirectory }

    /// - Errors: `NOD-101`, `NOD-102`.
    func validate(isLoopback: (String) -> Bool) throws(NodeError) {
        guard !dataDirectory.isEmpty else {
            throw NodeError(.invalidSetting, "a data directory is needed", hint: "pass --data DIR")
        }
        try store?.validate()
        guard !account.isEmpty, !account.contains("_"), !account.contains("/") else {
            throw NodeError(
                .invalidSetting, "an account's id cannot be empty or contain an underscore",
                ["account": account])
        }
        guard (tlsCertificatePath == nil) == (tlsKeyPath == nil) else {
            throw NodeError(
                .invalidSetting, "TLS needs a certificate and its key", hint: "pass --tls-cert and --tls-key")
        }
        for address in [listen, s3Listen] where !usesTLS && !isBehindProxy && !isLoopback(address.host) {
            throw NodeError(
                .openAddress, "the address is reachable from other machines and this speaks no TLS",
                ["address": address],
                hint:
                    "pass --tls-cert and --tls-key, put a TLS proxy in front and pass --behind-proxy, or listen on 127.0.0.1"
            )
        }
        for url in [publicURL, s3PublicURL, nodeURL] {
            guard let url else { continue }
            guard url.hasPrefix("http://") || url.hasPrefix("https://"), !url.hasSuffix("/") else {
                throw NodeError(
                    .invalidSetting, "a URL begins with http:// or https:// and ends without a slash",
                    ["url": url])
            }
        }
    }

    var usesTLS: Bool { tlsCertificatePath != nil }

    /// - Errors: `NOD-101`.
    func armFaultPoint() throws(NodeError) {
        guard let faultPoint, !faultPoint.isEmpty else { return }
        guard FaultPoints.arm(faultPoint) else {
            throw NodeError(
                .invalidSetting, "no such fault point", ["fault": faultPoint],
                hint: "points are " + FaultPoint.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    var logLimits: LogLimits {
        var limits = LogLimits()
        limits.segmentBytes = logSegmentBytes
        limits.replayWindowBytes = logReplayWindowBytes
        limits.backlogBytes = logBacklogBytes
        limits.reserveBytes = logReserveBytes
        return limits
    }

    /// What `firn/settings` shows; secrets left out.
    var json: JSONValue {
        [
            "data": .string(dataDirectory), "metastore": JSONValue(metastore?.description),
            "store": JSONValue(store?.address.description),
            "listen": .string(listen.description),
            "s3_listen": .string(s3Listen.description), "public_url": JSONValue(publicURL),
            "s3_public_url": JSONValue(s3PublicURL), "behind_proxy": .boolean(isBehindProxy),
            "tls_cert": JSONValue(tlsCertificatePath), "tls_key": JSONValue(tlsKeyPath),
            "account": .string(account), "log_level": .string(logLevel.name),
            "memory_bytes": memoryBytes.map { .integer(Int64($0)) } ?? .null,
            "query_memory": queryMemoryBytes.map { .integer(Int64($0)) } ?? .null,
            "spill_bytes": .integer(Int64(spillBytes)),
            "worker_threads": workerThreads.map { .integer(Int64($0)) } ?? .null,
            "slow_query_ms": .integer(Int64(slowQueryMilliseconds)),
            "drain_seconds": .integer(Int64(drainSeconds)),
            "ingest_body_bytes": .integer(Int64(ingestBodyBytes)),
            "scrub_bytes": .integer(scrubBytes), "unfinished_upload_bytes": .integer(unfinishedUploadBytes),
            "log_segment_bytes": .integer(Int64(logSegmentBytes)),
            "log_replay_window_bytes": .integer(Int64(logReplayWindowBytes)),
            "log_backlog_bytes": .integer(Int64(logBacklogBytes)),
            "lease_seconds": .integer(Int64(leaseSeconds)), "node_url": JSONValue(nodeURL),
            "log_reserve_bytes": logReserveBytes.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}
