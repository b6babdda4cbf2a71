package import JSONText

/// Which buckets there are and what is set for each; the objects in them are a `BlobStore`'s.
///
/// - Errors: `BLB-102` for a bucket that is not there.
package protocol BucketDirectory: Sendable {
    /// - Errors: `BKT-106` for the name, `BKT-101` when it exists.
    func createBucket(_ name: String) async throws -> BucketInfo
    /// - Errors: `BKT-102` when objects are in it.
    func deleteBucket(_ name: String) async throws
    /// By name.
    func listBuckets() -> [BucketInfo]
    func bucketInfo(_ name: String) throws -> BucketInfo
    func isEmpty(_ name: String) async throws -> Bool
    func settings(ofBucket name: String) throws -> BucketSettings
    /// Nil takes the setting away. Durable on return.
    ///
    /// - Errors: `BKT-110`; `BKT-111` for a setting that the store behind would have to carry out.
    func set(_ name: BucketSettings.Name, of bucket: String, to document: JSONValue?) async throws
    /// Uploads that are neither completed nor aborted, and what their parts hold; nil where nobody counts them.
    var unfinished: (uploads: Int, bytes: Int64)? { get }
}

extension BucketStore: BucketDirectory {
    package func isEmpty(_ name: String) async throws -> Bool { try bucketInfo(name).objectCount == 0 }
}
