import Blobs
import Buckets
import Effects
import Octets
import Wire

extension S3Call {
    /// Tells when a rule of the bucket will delete the object, and which; nothing while none will.
    ///
    ///     x-amz-expiration: expiry-date="Fri, 21 Dec 2029 12:34:57 GMT", rule-id="old%20logs"
    ///
    /// - Source: `x-amz-expiration`, Amazon S3 API Reference.
    func addExpiration(of path: BlobPath, _ info: BlobInfo, to headers: inout HTTPHeaders) throws {
        let settings = try buckets.settings(ofBucket: path.bucket)
        guard let (instant, rule) = settings.expiration(of: path.key, modified: info.modified) else { return }
        // The object is there until then, so parts of a second count as one.
        let seconds = (instant.microseconds + 999_999).floorDivided(by: 1_000_000)
        let date = HTTPDate.text(Instant(microseconds: seconds * 1_000_000))
        headers["x-amz-expiration"] = "expiry-date=\"\(date)\", rule-id=\"\(PercentEncoding.encode(rule))\""
    }
}
