package import Buckets
package import S3Client

/// Where the S3 port gets objects from.
package enum S3Objects: Sendable {
    case own(BucketStore)
    /// Requests are passed on, key by key.
    case external(S3Passage)
}
