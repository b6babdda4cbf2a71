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
        let (bucket, key) = try Self.split(text)
        if key.isEmpty {
            throw IcebergError(
                .invalidLocation, "a table needs a location below its bucket", ["location": text],
                hint: "write s3://BUCKET/PATH")
        }
        uri = "s3://\(bucket)/\(key)"
        self.bucket = bucket
        self.key = key
    }

    /// Where the bucket and the key lie in a URI, counted in bytes.
    private typealias Places = (bucket: Range<Int>, key: Range<Int>)

    /// The key without slashes at its end.
    ///
    /// - Errors: `ICE-108`.
    private static func split(_ text: String) throws(IcebergError) -> (bucket: String, key: String) {
        let bytes = Array(text.utf8)
        do throws(Flaw) {
            let places = try places(in: bytes.span)
            let key = bytes[places.key]
            let last = key.lastIndex { $0 != UInt8(ascii: "/") } ?? key.startIndex - 1
            return (
                String(decoding: bytes[places.bucket], as: UTF8.self),
                String(decoding: key[...last], as: UTF8.self)
            )
        } catch {
            throw IcebergError(.invalidLocation, error.rawValue, ["location": text])
        }
    }

    /// Why a text is no location.
    private enum Flaw: String, Error {
        case scheme = "a location starts with s3://"
        case bucket = "a location names its bucket with letters, digits, dots, hyphens"
        case control = "a location has no control characters"
        case dots = "a location has no segment such as . or .."
    }

    /// Refuses what is not the same place to every reader.
    ///
    /// Over bytes: a table's metadata names hundreds of files, and each is looked at when it is read.
    private static func places(in text: Span<UInt8>) throws(Flaw) -> Places {
        guard let scheme = ["s3://", "s3a://", "s3n://"].first(where: { text.begins(with: $0) }) else {
            throw .scheme
        }
        let start = scheme.utf8.count
        var slash = start
        while slash < text.count, text[slash] != UInt8(ascii: "/") {
            guard isBucketByte(text[slash]) else { throw .bucket }
            slash += 1
        }
        guard slash > start else { throw .bucket }
        let key = min(slash + 1, text.count)..<text.count
        var segment = key.lowerBound
        var hasDots = false
        for index in key {
            let byte = text[index]
            if byte < 0x20 || byte == 0x7F { throw .control }
            guard byte == UInt8(ascii: "/") else { continue }
            hasDots = hasDots || isDots(text.extracting(segment..<index))
            segment = index + 1
        }
        if hasDots || isDots(text.extracting(segment..<key.upperBound)) { throw .dots }
        return (start..<slash, key)
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
    private static func isDots(_ segment: Span<UInt8>) -> Bool {
        var count = 0
        var index = 0
        while index < segment.count {
            if segment[index] == UInt8(ascii: ".") {
                index += 1
            } else if segment.count - index >= 3, segment[index] == UInt8(ascii: "%"),
                segment[index + 1] == UInt8(ascii: "2"), segment[index + 2] | 0x20 == UInt8(ascii: "e")
            {
                index += 3
            } else {
                return false
            }
            count += 1
        }
        return count == 1 || count == 2
    }

    /// Of bytes: two spellings of `é` are two places, and perhaps two tables'.
    package static func == (left: TableLocation, right: TableLocation) -> Bool {
        left.uri.utf8.elementsEqual(right.uri.utf8)
    }

    /// True when `path` names an object inside; false for anything that is no clean `s3://` URI.
    package func contains(_ path: String) -> Bool {
        let bytes = path.utf8Span.span
        do throws(Flaw) {
            let places = try Self.places(in: bytes)
            // Bytes, not characters: Swift's `hasPrefix` takes two spellings of é for one, a store does not.
            let inside = bytes.extracting(places.key)
            let length = key.utf8.count
            return bytes.extracting(places.bucket).isSame(as: bucket) && inside.count > length + 1
                && inside.begins(with: key) && inside[length] == UInt8(ascii: "/")
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

extension Span<UInt8> {
    fileprivate func begins(with text: String) -> Bool {
        let other = text.utf8Span.span
        guard count >= other.count else { return false }
        for index in other.indices where self[index] != other[index] { return false }
        return true
    }

    fileprivate func isSame(as text: String) -> Bool { count == text.utf8.count && begins(with: text) }
}
