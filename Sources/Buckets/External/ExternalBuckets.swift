package import Blobs
package import Effects
package import JSONText
import Synchronization

/// Buckets whose objects lie in another store, one to one; what is known of each bucket lies beside them.
///
///     lake/web/x                  the object `web/x` of the bucket `lake`
///     .firn/store.json            which Firn the store belongs to
///     .firn/buckets/lake.json     when the bucket was made, and its settings
///
/// What is known of the buckets is read when the process starts and changed in the store first; what other nodes of
/// the same Firn change there is seen by `refresh`. No bucket's name begins with a dot, so nobody reaches `.firn` from outside.
///
/// - Errors: those of the store behind, and `BLB-102`.
package final class ExternalBuckets: BlobStore, BucketDirectory {
    /// The name that stands where a bucket's does for what is ours.
    package static let ownBucket = ".firn"

    private struct Known: Sendable {
        var created: Instant
        var settings = BucketSettings()
        /// Of the object it is kept in.
        var etag: String
    }

    private let store: any BlobStore
    private let clock: any Clock
    private let known: Mutex<[String: Known]>
    /// Other nodes make buckets too.
    private let isShared: Bool

    private init(store: any BlobStore, clock: any Clock, known: [String: Known], isShared: Bool) {
        self.store = store
        self.clock = clock
        self.isShared = isShared
        self.known = Mutex(known)
    }

    /// Takes the store for `owner`, or finds it already taken by it, and reads which buckets there are.
    ///
    /// - Errors: `BKT-203` for the store of another owner, `BKT-202` for a newer version's, `BKT-204` for damaged
    ///   documents.
    package static func open(
        _ store: any BlobStore, owner: String, clock: any Clock = LiveClock(), isShared: Bool = false
    ) async throws -> ExternalBuckets {
        try await StoreClaim(store: store, owner: owner).take()
        return ExternalBuckets(
            store: store, clock: clock, known: try await loadAll(from: store, knowing: [:]),
            isShared: isShared)
    }

    private static func loadAll(
        from store: any BlobStore, knowing before: [String: Known]
    ) async throws -> [String: Known] {
        let unchanged = Dictionary(
            before.map { ($1.etag, ($0, $1)) }, uniquingKeysWith: { first, _ in first })
        var known: [String: Known] = [:]
        var after: String?
        repeat {
            let page = try await store.list(bucket: ownBucket, prefix: directory, after: after, limit: 1000)
            for entry in page.entries {
                if let (name, bucket) = unchanged[entry.info.etag], path(name).key == entry.key {
                    known[name] = bucket
                    continue
                }
                let (name, bucket) = try await load(entry.key, from: store)
                known[name] = bucket
            }
            after = page.next
        } while after != nil
        return known
    }

    /// Learns what other nodes have made, changed and deleted. What this one changes meanwhile stands.
    package func refresh() async throws {
        let before = known.withLock { $0 }
        let found = try await Self.loadAll(from: store, knowing: before)
        known.withLock { known in
            for name in Set(found.keys).union(before.keys)
            where known[name]?.etag == before[name]?.etag { known[name] = found[name] }
        }
    }

    private static func load(
        _ key: String, from store: any BlobStore
    ) async throws -> (name: String, bucket: Known) {
        let reader = try await store.open(BlobPath(bucket: ownBucket, key: key))
        guard reader.info.size <= documentBytes else { throw damaged(key, "it is too large") }
        let bytes = try await reader.read([0..<reader.info.size])[0]
        return try read(bytes, key: key, etag: reader.info.etag)
    }

    /// After a write of ours whose outcome nobody could say: what is in the store is what holds.
    private func reload(_ name: String) async throws {
        let bucket: Known?
        do {
            bucket = try await Self.load(Self.path(name).key, from: store).bucket
        } catch let error as BlobsError where error.code == .notFound {
            bucket = nil
        }
        known.withLock { $0[name] = bucket }
    }

    private static let directory = "buckets/"
    private static let format = "firn bucket"
    private static let documentBytes: Int64 = 4 << 20

    private static func path(_ name: String) -> BlobPath {
        BlobPath(bucket: ownBucket, key: "\(directory)\(name).json")
    }

    static func damaged(_ key: String, _ reason: String) -> BucketsError {
        BucketsError(
            .storeDocumentDamaged, "a document of ours in the store is damaged",
            ["key": "\(ownBucket)/\(key)", "reason": reason])
    }

    private static func read(
        _ bytes: [UInt8], key: String, etag: String
    ) throws -> (name: String, bucket: Known) {
        let json: JSONValue
        do throws(JSONError) { json = try JSONParser.parse(bytes) } catch {
            throw damaged(key, "it is no JSON")
        }
        guard json["format"]?.string == format, let version = json["version"]?.integer,
            let name = json["name"]?.string, path(name).key == key,
            let created = json["created"]?.string.flatMap({ Instant(rfc3339: $0) })
        else { throw damaged(key, "it is not about a bucket of that name") }
        guard version <= 1 else {
            throw BucketsError(
                .versionTooNew, "a newer version of Firn wrote to the store",
                ["version": version, "key": key])
        }
        var bucket = Known(created: created, etag: etag)
        for member in json["settings"]?.object?.members ?? [] {
            guard let setting = BucketSettings.Name(rawValue: member.name) else {
                throw damaged(key, "it has an unknown setting")
            }
            try bucket.settings.set(setting, member.value)
        }
        return (name, bucket)
    }

    private static func document(_ name: String, _ bucket: Known) -> [UInt8] {
        var settings = JSONObject()
        for setting in BucketSettings.Name.allCases {
            if let value = bucket.settings.documents[setting] { settings[setting.rawValue] = value }
        }
        let json: JSONValue = [
            "format": .string(format), "version": 1, "name": .string(name),
            "created": .string(bucket.created.rfc3339), "settings": .object(settings),
        ]
        return json.serialized()
    }

    private func find(_ name: String) throws(BlobsError) -> Known {
        guard let bucket = known.withLock({ $0[name] }) else {
            throw BlobsError(.bucketNotFound, "no such bucket", ["bucket": name])
        }
        return bucket
    }

    /// - Errors: `BLB-102`.
    package func check(bucket name: String) throws(BlobsError) { _ = try find(name) }

    /// Also one that another node made just now. - Errors: `BLB-102`.
    private func know(_ name: String) async throws {
        if isShared, known.withLock({ $0[name] == nil }), (try? BucketName.check(name)) != nil {
            try await reload(name)
        }
        try check(bucket: name)
    }
}

extension ExternalBuckets {
    package func createBucket(_ name: String) async throws -> BucketInfo {
        try BucketName.check(name)
        var bucket = Known(created: clock.now, etag: "")
        do {
            let written = try await store.put(Self.path(name), Self.document(name, bucket), if: .ifAbsent)
            bucket.etag = written.etag
        } catch let error as BlobsError where error.code == .conditionFailed {
            try await reload(name)
            throw BucketsError(.bucketExists, "the bucket exists", ["bucket": name])
        }
        known.withLock { [bucket] in $0[name] = bucket }
        return info(name, bucket)
    }

    /// Nobody finds the bucket from the moment on at which it is looked through. What was on its way into it then may
    /// stay behind in the store, and is found again by a bucket of the same name.
    package func deleteBucket(_ name: String) async throws {
        let bucket = try find(name)
        known.withLock { $0[name] = nil }
        do {
            let page = try await store.list(bucket: name, prefix: "", after: nil, limit: 1)
            guard page.entries.isEmpty else {
                throw BucketsError(.bucketNotEmpty, "the bucket is not empty", ["bucket": name])
            }
            try await store.delete([Self.path(name)])
        } catch {
            known.withLock { $0[name] = bucket }
            throw error
        }
    }

    package func listBuckets() -> [BucketInfo] {
        known.withLock { $0 }.map { info($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    package func bucketInfo(_ name: String) throws -> BucketInfo { info(name, try find(name)) }

    package func isEmpty(_ name: String) async throws -> Bool {
        try await list(bucket: name, prefix: "", after: nil, limit: 1).entries.isEmpty
    }

    private func info(_ name: String, _ bucket: Known) -> BucketInfo {
        BucketInfo(name: name, created: bucket.created, objectCount: nil, byteCount: nil)
    }

    package func settings(ofBucket name: String) throws -> BucketSettings { try find(name).settings }

    package func set(_ setting: BucketSettings.Name, of name: String, to document: JSONValue?) async throws {
        guard ![.lifecycle, .lock, .encryption].contains(setting) || document == nil else {
            throw BucketsError(
                .settingUnsupported, "rules for objects are the external store's own",
                ["setting": setting.rawValue], hint: "set them for the bucket that --store names")
        }
        let bucket = try find(name)
        var changed = bucket
        try changed.settings.set(setting, document)
        do {
            changed.etag = try await store.put(
                Self.path(name), Self.document(name, changed), if: .ifMatch(etag: bucket.etag)
            ).etag
        } catch let error as BlobsError where [.conditionFailed, .notFound].contains(error.code) {
            try await reload(name)
            throw BucketsError(
                .settingRaced, "another change of the bucket's settings came first", ["bucket": name],
                hint: "look at them and try again")
        }
        known.withLock { [changed] in
            if $0[name]?.etag == bucket.etag { $0[name] = changed }
        }
    }

    package var unfinished: (uploads: Int, bytes: Int64)? { nil }
}

extension ExternalBuckets {
    package func head(_ path: BlobPath) async throws -> BlobInfo {
        try await know(path.bucket)
        return try await store.head(path)
    }

    package func open(_ path: BlobPath) async throws -> any BlobReader {
        try await know(path.bucket)
        return try await store.open(path)
    }

    package func put(
        _ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition
    ) async throws -> BlobInfo {
        try await know(path.bucket)
        return try await store.put(path, bytes, if: condition)
    }

    package func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        try await know(path.bucket)
        return try await store.startUpload(path)
    }

    package func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        try await know(sealed.path.bucket)
        return try await store.publish(sealed)
    }

    /// Also where the bucket is gone: nothing shall stay behind in the store.
    package func discard(_ sealed: SealedBlob) async throws { try await store.discard(sealed) }

    package func discardSealed(except receipts: Set<String>) async throws {
        try await store.discardSealed(except: receipts)
    }

    package func delete(_ paths: [BlobPath]) async throws {
        for bucket in Set(paths.map(\.bucket)) { try await know(bucket) }
        try await store.delete(paths)
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        try await know(bucket)
        return try await store.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
    }
}
