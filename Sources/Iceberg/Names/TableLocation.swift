/// The place in a bucket that belongs to one table, and to no other.
///
///     s3://lake/web/clicks     owns     s3://lake/web/clicks/data/0.parquet     not     s3://lake/web/clicks2/…
///
/// Paths are compared as they are written: nothing is decoded or resolved. What some client could resolve to another
/// place (`.`, `..`, also percent-encoded; control characters) is refused.
package struct TableLocation: Sendable, Hashable, CustomStringConvertible {
    /// `s3://BUCKET/KEY` without a slash at the end, whatever spelling of the scheme came in.
    package let uri: String
    package let bucket: String
    package let key: String

    /// - Errors: `ICE-108`.
    package init(_ text: String) throws(IcebergError) {
        let (bucket, rawKey) = try Self.split(text)
        var key = rawKey
        while key.hasSuffix("/") { key.removeLast() }
        if key.isEmpty {
            throw IcebergError(
                .invalidLocation, "a table needs a location below its bucket", ["location": text],
                hint: "write s3://BUCKET/PATH")
        }
        uri = "s3://\(bucket)/\(key)"
        self.bucket = bucket
        self.key = key
    }

    /// Splits a URI and refuses what is not the same place to every reader.
    private static func split(_ text: String) throws(IcebergError) -> (bucket: String, key: String) {
        func invalid(_ summary: String) -> IcebergError {
            IcebergError(.invalidLocation, summary, ["location": text])
        }
        guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { text.hasPrefix($0) }) else {
            throw invalid("a location starts with s3://")
        }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        let bucket = String(text[text.index(text.startIndex, offsetBy: scheme.count)..<slash])
        guard !bucket.isEmpty, bucket.utf8.allSatisfy({ isBucketByte($0) }) else {
            throw invalid("a location names its bucket with letters, digits, dots, hyphens")
        }
        let key = slash < rest.endIndex ? String(text[rest.index(after: slash)...]) : ""
        if key.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw invalid("a location has no control characters")
        }
        for segment in key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
        where isDots(segment) {
            throw invalid("a location has no segment such as . or ..")
        }
        return (bucket, key)
    }

    private static func isBucketByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// `.` or `..`, with any of the dots written as `%2e`.
    private static func isDots(_ segment: Substring.UTF8View.SubSequence) -> Bool {
        let text = String(Substring(segment)).lowercased().replacing("%2e", with: ".")
        return text == "." || text == ".."
    }

    /// Of bytes: two spellings of `é` are two places, and perhaps two tables'.
    package static func == (left: TableLocation, right: TableLocation) -> Bool {
        left.uri.utf8.elementsEqual(right.uri.utf8)
    }

    /// True when `path` names an object inside; false for anything that is no clean `s3://` URI.
    package func contains(_ path: String) -> Bool {
        do {
            let (bucket, key) = try Self.split(path)
            // Bytes, not characters: Swift's `hasPrefix` takes two spellings of é for one, a store does not.
            return bucket == self.bucket && key.utf8.count > self.key.utf8.count + 1
                && key.utf8.starts(with: (self.key + "/").utf8)
        } catch {
            return false
        }
    }

    /// True when one of the two lies inside the other or they are the same.
    package func overlaps(_ other: TableLocation) -> Bool {
        guard bucket == other.bucket else { return false }
        let (mine, theirs) = ((key + "/").utf8, (other.key + "/").utf8)
        return mine.starts(with: theirs) || theirs.starts(with: mine)
    }

    package var description: String { uri }
}
