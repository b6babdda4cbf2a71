import Blobs
import Effects

/// Every bucket, object and upload of a store, in memory.
///
/// A value: the writer changes a copy and publishes it when the journal is durable, so readers see only what is
/// acknowledged, a failed group is forgotten by dropping the copy, and a checkpoint is written from one.
struct StoreIndex: Sendable {
    struct Bucket: Sendable {
        var created: Instant
        var objects = SortedKeys<ObjectEntry>()
        var byteCount: Int64 = 0
        var settings = BucketSettings()
    }

    private(set) var buckets: [String: Bucket] = [:]
    private(set) var uploads: [String: MultipartUpload] = [:]
    /// What the unfinished uploads hold.
    private(set) var partCount = 0
    private(set) var partBytes: Int64 = 0
    /// Bytes of objects that live in each segment of the journal.
    private(set) var liveBytes: [UInt64: Int64] = [:]

    func entry(_ path: BlobPath) throws(BlobsError) -> ObjectEntry? {
        try bucket(path.bucket).objects[ObjectKey(path.key)]
    }

    func bucket(_ name: String) throws(BlobsError) -> Bucket {
        guard let bucket = buckets[name] else {
            throw BlobsError(.bucketNotFound, "no such bucket", ["bucket": name])
        }
        return bucket
    }

    /// - Errors: `BKT-109` when the object may not change.
    func checkUnlocked(_ path: BlobPath, now: Instant) throws {
        let bucket = try bucket(path.bucket)
        let key = ObjectKey(path.key)
        guard !bucket.settings.locks.isEmpty, let entry = bucket.objects[key],
            bucket.settings.isLocked(key.bytes, modified: entry.facts.modified, now: now)
        else { return }
        throw BucketsError(
            .objectLocked, "a lock of the bucket keeps the object as it is", ["path": path])
    }

    /// Sealed objects are none of a client's uploads.
    ///
    /// - Errors: `BKT-103`.
    func upload(_ id: String, of path: BlobPath) throws(BucketsError) -> MultipartUpload {
        guard let upload = uploads[id], !upload.isSealed, upload.bucket == path.bucket,
            upload.key == ObjectKey(path.key)
        else {
            throw BucketsError(.uploadNotFound, "no such upload", ["upload": id, "path": path])
        }
        return upload
    }

    /// Does what the record says and answers which places nobody needs any more. A record that fits nothing (its
    /// bucket is gone) is damage: the writer checks before it writes.
    mutating func apply(_ record: StoreRecord) throws(BucketsError) -> [ObjectPlace] {
        switch record {
        case .createBucket(let name, let instant):
            buckets[name] = Bucket(created: instant)
            return []
        case .deleteBucket(let name):
            buckets[name] = nil
            let ended = uploads.filter { $0.value.bucket == name }
            for id in ended.keys { uploads[id] = nil }
            ended.values.forEach { forget($0) }
            return release(ended.values.flatMap { Array($0.parts.values) })
        case .configureBucket(let name, let setting, let document):
            guard buckets[name] != nil else { throw misfit("a setting of no bucket", name) }
            try buckets[name]?.settings.set(setting, document)
            return []
        case .put(let bucket, let key, let entry):
            return try put(bucket, key, entry)
        case .delete(let bucket, let key):
            return try remove(bucket, [key])
        case .deleteMany(let bucket, let keys):
            return try remove(bucket, keys)
        case .startUpload(let id, let upload):
            uploads[id] = upload
            return []
        case .putPart(let id, let number, let entry):
            guard uploads[id] != nil else { throw misfit("a part of no upload", id) }
            let old = uploads[id]?.parts.updateValue(entry, forKey: number)
            partCount += old == nil ? 1 : 0
            partBytes += entry.facts.size - (old?.facts.size ?? 0)
            retain(entry)
            return release([old].compactMap { $0 })
        case .completeUpload(let id, let entry):
            guard let upload = uploads.removeValue(forKey: id) else {
                throw misfit("an end of no upload", id)
            }
            let replaced = try put(upload.bucket, upload.key, entry)
            forget(upload)
            // A sealed object's part becomes the object as it is.
            return replaced + release(upload.parts.values.filter { $0.place != entry.place })
        case .abortUpload(let id):
            guard let upload = uploads.removeValue(forKey: id) else {
                throw misfit("an end of no upload", id)
            }
            forget(upload)
            return release(Array(upload.parts.values))
        }
    }

    private mutating func forget(_ upload: MultipartUpload) {
        partCount -= upload.parts.count
        partBytes -= upload.parts.values.reduce(0) { $0 + $1.facts.size }
    }

    private mutating func put(
        _ bucket: String, _ key: ObjectKey, _ entry: ObjectEntry
    ) throws(BucketsError) -> [ObjectPlace] {
        guard buckets[bucket] != nil else { throw misfit("an object of no bucket", bucket) }
        let old = buckets[bucket]?.objects[key]
        buckets[bucket]?.objects[key] = entry
        buckets[bucket]?.byteCount += entry.facts.plainSize - (old?.facts.plainSize ?? 0)
        retain(entry)
        return release([old].compactMap { $0 })
    }

    private mutating func remove(
        _ bucket: String, _ keys: [ObjectKey]
    ) throws(BucketsError) -> [ObjectPlace] {
        guard buckets[bucket] != nil else { throw misfit("an object of no bucket", bucket) }
        var gone: [ObjectEntry] = []
        for key in keys {
            guard let old = buckets[bucket]?.objects[key] else { continue }
            buckets[bucket]?.objects[key] = nil
            buckets[bucket]?.byteCount -= old.facts.plainSize
            gone.append(old)
        }
        return release(gone)
    }

    private mutating func retain(_ entry: ObjectEntry) {
        guard case .journal(let segment, _) = entry.place else { return }
        liveBytes[segment, default: 0] += entry.facts.size
    }

    private mutating func release(_ entries: [ObjectEntry]) -> [ObjectPlace] {
        for entry in entries {
            guard case .journal(let segment, _) = entry.place else { continue }
            liveBytes[segment, default: 0] -= entry.facts.size
        }
        return entries.map(\.place)
    }

    private func misfit(_ summary: String, _ name: String) -> BucketsError {
        BucketsError(.journalDamaged, "a record does not fit the index: \(summary)", ["name": name])
    }

    /// Every place in use, of objects and of parts.
    func forEachEntry(_ body: (ObjectEntry) -> Void) {
        for bucket in buckets.values {
            bucket.objects.forEach { _, entry in
                body(entry)
                return true
            }
        }
        for upload in uploads.values { upload.parts.values.forEach(body) }
    }

    /// Records that make this index from an empty one, for a checkpoint.
    func forEachRecord(_ body: (StoreRecord) throws -> Void) rethrows {
        for (name, bucket) in buckets.sorted(by: { $0.key < $1.key }) {
            try body(.createBucket(name: name, at: bucket.created))
            for (setting, document) in bucket.settings.documents.sorted(by: {
                $0.key.rawValue < $1.key.rawValue
            }) {
                try body(.configureBucket(name: name, setting: setting, document: document))
            }
            try bucket.objects.forEach { key, entry in
                try body(.put(bucket: name, key: key, entry: entry))
                return true
            }
        }
        for (id, upload) in uploads.sorted(by: { $0.key < $1.key }) {
            var bare = upload
            bare.parts = [:]
            try body(.startUpload(id: id, bare))
            for (number, entry) in upload.parts.sorted(by: { $0.key < $1.key }) {
                try body(.putPart(upload: id, number: number, entry: entry))
            }
        }
    }
}
