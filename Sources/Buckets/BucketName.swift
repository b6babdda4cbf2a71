/// The rule for names of buckets, which is the hosted product's.
package enum BucketName {
    /// 3 to 63 characters, lower-case letters, digits and hyphens, no hyphen at either end.
    package static func isValid(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (3...63).contains(bytes.count), bytes.first != 0x2D, bytes.last != 0x2D else { return false }
        return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    /// - Errors: `BKT-106`.
    static func check(_ name: String) throws(BucketsError) {
        guard isValid(name) else {
            throw BucketsError(
                .bucketNameInvalid, "not a name for a bucket", ["bucket": name],
                hint: "use 3 to 63 characters: a-z, 0-9 and hyphens inside")
        }
    }
}
