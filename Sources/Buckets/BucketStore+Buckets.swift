import Blobs
package import Effects

/// One bucket, as listed.
package struct BucketInfo: Sendable, Hashable {
    package var name: String
    package var created: Instant
    /// Nil where nobody counts: an external store would have to be listed.
    package var objectCount: Int?
    package var byteCount: Int64?
}

extension BucketStore {
    /// - Errors: `BKT-106` for the name, `BKT-101` when it exists.
    package func createBucket(_ name: String) async throws -> BucketInfo {
        try BucketName.check(name)
        let now = effects.clock.now
        _ = try await journal.change { index in
            guard index.buckets[name] == nil else {
                throw BucketsError(.bucketExists, "the bucket exists", ["bucket": name])
            }
            return StoreChange(.createBucket(name: name, at: now))
        }
        return BucketInfo(name: name, created: now, objectCount: 0, byteCount: 0)
    }

    /// Unfinished uploads into the bucket end with it, and only then.
    ///
    /// - Errors: `BLB-102`, `BKT-102` when objects are in it.
    package func deleteBucket(_ name: String) async throws {
        _ = try await journal.change { index in
            guard try index.bucket(name).objects.count == 0 else {
                throw BucketsError(.bucketNotEmpty, "the bucket is not empty", ["bucket": name])
            }
            guard !index.uploads.contains(where: { $0.value.bucket == name && $0.value.isSealed }) else {
                throw BucketsError(
                    .bucketNotEmpty, "files of a pipeline are about to appear in the bucket", ["bucket": name]
                )
            }
            return StoreChange(.deleteBucket(name: name))
        }
    }

    /// By name.
    package func listBuckets() -> [BucketInfo] {
        journal.index.buckets.map { info($0.key, $0.value) }.sorted { $0.name < $1.name }
    }

    /// - Errors: `BLB-102`.
    package func bucketInfo(_ name: String) throws -> BucketInfo {
        info(name, try journal.index.bucket(name))
    }

    private func info(_ name: String, _ bucket: StoreIndex.Bucket) -> BucketInfo {
        BucketInfo(
            name: name, created: bucket.created, objectCount: bucket.objects.count,
            byteCount: bucket.byteCount)
    }
}
