import Blobs
import Effects
package import JSONText
import Telemetry

extension BucketStore {
    /// - Errors: `BLB-102`.
    package func settings(ofBucket name: String) throws -> BucketSettings {
        try journal.index.bucket(name).settings
    }

    /// Sets, or with nil takes away, one setting of a bucket. Durable on return.
    ///
    /// - Errors: `BKT-110` for a document that is not what the setting takes, `BLB-102`.
    package func set(_ name: BucketSettings.Name, of bucket: String, to document: JSONValue?) async throws {
        // Refused before it is written: what the journal holds must replay.
        var trial = BucketSettings()
        try trial.set(name, document)
        let bytes = document.map { $0.serialized() } ?? []
        _ = try await journal.change(bytes: 256 + bytes.count) { index in
            _ = try index.bucket(bucket)
            return StoreChange(.configureBucket(name: bucket, setting: name, document: document))
        }
    }

    /// Deletes what has expired and aborts uploads nobody completes, bucket by bucket, in small groups so that others
    /// are not held up. Locks win.
    ///
    /// Answers how many objects and uploads went.
    package func applyLifecycle() async throws -> (objects: Int, uploads: Int) {
        let now = effects.clock.now
        let index = journal.index
        var removed = (objects: 0, uploads: 0)
        for (name, bucket) in index.buckets where !bucket.settings.lifecycle.isEmpty {
            let rules = bucket.settings.lifecycle
            var expired: [BlobPath] = []
            bucket.objects.forEach { key, entry in
                let modified = entry.facts.modified
                if rules.contains(where: { $0.deletes(key.bytes, modified: modified, now: now) }),
                    !bucket.settings.isLocked(key.bytes, modified: modified, now: now)
                {
                    expired.append(BlobPath(bucket: name, key: key.text))
                }
                return true
            }
            for start in stride(from: 0, to: expired.count, by: Self.expiredGroup) {
                let group = Array(expired[start..<min(expired.count, start + Self.expiredGroup)])
                removed.objects += try await deleteExpired(group, rules)
            }
            for (id, upload) in index.uploads where upload.bucket == name && !upload.isSealed {
                guard
                    rules.contains(where: { $0.aborts(upload.key.bytes, started: upload.started, now: now) })
                else { continue }
                let done = try await journal.change { index in
                    index.uploads[id] == nil ? nil : StoreChange(.abortUpload(id: id))
                }
                removed.uploads += done == nil ? 0 : 1
            }
        }
        effects.storeMetrics.expiredObjects.add(Int64(removed.objects))
        return removed
    }

    private static let expiredGroup = 500

    /// Looks again at each, in its turn: it may have been written anew.
    private func deleteExpired(_ paths: [BlobPath], _ rules: [LifecycleRule]) async throws -> Int {
        guard let bucket = paths.first?.bucket else { return 0 }
        let now = effects.clock.now
        let done = try await journal.change(bytes: paths.reduce(64) { $0 + $1.key.utf8.count }) { index in
            guard let present = index.buckets[bucket] else { return nil }
            let keys = paths.map { ObjectKey($0.key) }.filter { key in
                guard let modified = present.objects[key]?.facts.modified else { return false }
                return rules.contains { $0.deletes(key.bytes, modified: modified, now: now) }
                    && !present.settings.isLocked(key.bytes, modified: modified, now: now)
            }
            return keys.isEmpty ? nil : StoreChange(.deleteMany(bucket: bucket, keys: keys))
        }
        guard case .deleteMany(_, let keys)? = done else { return 0 }
        return keys.count
    }
}
