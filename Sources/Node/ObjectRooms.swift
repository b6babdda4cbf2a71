import Blobs
import Buckets
import Effects
import Foundation
import HTTPClient
import JSONText
import S3API
import S3Client
import Scheduling
import Signing
import Telemetry

/// Where the objects are: in the data directory, or in another store.
enum ObjectRooms: Sendable {
    case local(BucketStore)
    case external(ExternalBuckets, client: S3BlobStore, passage: S3Passage)

    /// What the rooms above read and write.
    var store: any BlobStore {
        switch self {
        case .local(let store): store
        case .external(let buckets, _, _): buckets
        }
    }

    var buckets: any BucketDirectory {
        switch self {
        case .local(let store): store
        case .external(let buckets, _, _): buckets
        }
    }

    /// What the S3 port serves objects from.
    var served: S3Objects {
        switch self {
        case .local(let store): .own(store)
        case .external(_, _, let passage): .external(passage)
        }
    }

    struct Surroundings: Sendable {
        let clock: any Clock
        let randomness: any Randomness
        let pool: IOPool
        let metrics: MetricsRegistry
        let log: Log
        let keyFile: KeyFile
        /// Other nodes may have the store too.
        let isShared: Bool
    }

    /// - Errors: `NOD-101`, `NOD-104`; what the store says.
    static func open(_ settings: NodeSettings, _ around: Surroundings) async throws -> ObjectRooms {
        let record = StoreRecord(directory: settings.dataDirectory)
        try await around.pool.run { try record.check(settings.store?.address) }
        guard let store = settings.store else { return try await openLocal(settings, around) }
        let rooms = try await openExternal(store, around)
        // Only now: an address that is wrong does not bind the directory.
        try await around.pool.run { try record.keep(store.address) }
        return rooms
    }

    private static func openLocal(
        _ settings: NodeSettings, _ around: Surroundings
    ) async throws -> ObjectRooms {
        var limits = StoreLimits()
        limits.unfinishedBytes = settings.unfinishedUploadBytes
        return .local(
            try await BucketStore.open(
                directory: settings.dataDirectory + "/objects", ioPool: around.pool, clock: around.clock,
                randomness: around.randomness, metrics: around.metrics, log: around.log, limits: limits,
                keyFile: around.keyFile))
    }

    private static func openExternal(
        _ settings: StoreSettings, _ around: Surroundings
    ) async throws -> ObjectRooms {
        let address = settings.address
        if address.isPlain {
            around.log.warning(
                "what goes to the store and comes from it can be read on the way",
                ["endpoint": .string(address.endpoint)])
        }
        if let file = settings.certificateFile {
            let isThere = try await around.pool.run { FileManager.default.isReadableFile(atPath: file) }
            guard isThere else {
                throw NodeError(
                    .invalidSetting, "the file with the store's authorities cannot be read", ["path": file],
                    hint: "pass --store-ca-file with certificates in PEM")
            }
        }
        let keys: any S3KeySource
        if let id = settings.accessKey, let secret = settings.secretKey {
            keys = FixedS3Keys(S3Keys(accessKey: id, secret: secret, sessionToken: settings.sessionToken))
        } else {
            keys = S3KeyFile(
                path: settings.keyFile ?? "", profile: settings.profile, pool: around.pool)
        }
        let limits = S3Limits()
        let http = HTTPClient(
            connectionsPerHost: limits.requests, certificateFile: settings.certificateFile,
            metrics: around.metrics)
        let client = S3BlobStore(
            address: address, keys: keys, transport: HTTPTransport(http), limits: limits,
            effects: S3Effects(
                clock: around.clock, randomness: around.randomness, pool: around.pool,
                meters: S3Meters(around.metrics), log: around.log))
        try await client.probe(bucket: ExternalBuckets.ownBucket)
        let buckets = try await ExternalBuckets.open(
            client, owner: around.keyFile.fingerprint, clock: around.clock, isShared: around.isShared)
        // Connections of its own: clients that are slow do not take those of queries and pipelines.
        let passage = S3Passage(
            address: address, keys: keys,
            client: HTTPClient(
                connectionsPerHost: S3Passage.connections, certificateFile: settings.certificateFile,
                metrics: around.metrics),
            clock: around.clock)
        return .external(buckets, client: client, passage: passage)
    }

    func close() {
        if case .local(let store) = self { store.close() }
    }
}

/// Which store a data directory goes with: its metastore names objects that are nowhere else.
///
///     DIR/store.json   {"bucket":"lake","prefix":"firn/"}
struct StoreRecord {
    let directory: String
    private var path: String { directory + "/store.json" }

    /// Nil for the data directory itself. - Errors: `NOD-104`, `NOD-203`, `NOD-204`.
    ///
    /// - Threads: blocks.
    func check(_ address: S3Address?) throws(NodeError) {
        let files = FileManager.default
        guard files.fileExists(atPath: path) else {
            guard let address else { return }
            guard !files.fileExists(atPath: directory + "/objects") else {
                throw NodeError(
                    .otherStore, "the data directory has objects of its own and another store is asked for",
                    ["directory": directory, "asked": address],
                    hint: "leave --store out, or begin with an empty directory: moving is not supported")
            }
            return
        }
        guard let data = files.contents(atPath: path) else {
            throw NodeError(.directoryUnusable, "a file cannot be read", ["path": path])
        }
        let json: JSONValue
        do throws(JSONError) { json = try JSONParser.parse(Array(data)) } catch {
            throw NodeError(.directoryDamaged, "the record of the store is no JSON", ["path": path])
        }
        guard let bucket = json["bucket"]?.string, let prefix = json["prefix"]?.string else {
            throw NodeError(.directoryDamaged, "the record of the store names none", ["path": path])
        }
        // The endpoint may change: a store moves, or gets another name.
        guard address?.bucket == bucket, address?.prefix == prefix else {
            throw NodeError(
                .otherStore, "the data directory's objects are in another store than the one asked for",
                ["store": "s3://\(bucket)/\(prefix)", "asked": address?.description ?? "the data directory"],
                hint: "start with --store s3://\(bucket)/\(prefix)")
        }
    }

    /// Binds the directory to a store that has been opened; what `check` has found bound stays as it is.
    ///
    /// - Errors: `NOD-203`.
    ///
    /// - Threads: blocks.
    func keep(_ address: S3Address) throws(NodeError) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        let json: JSONValue = ["bucket": .string(address.bucket), "prefix": .string(address.prefix)]
        try DurableFile.write(json.serialized() + [0x0A], to: path)
    }
}
