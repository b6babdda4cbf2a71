import Octets

/// Where a store is, and how its requests are addressed.
///
///     s3://lake/firn                                     AWS S3, region us-east-1
///     s3://lake/firn?region=eu-central-1
///     s3://lake/firn?endpoint=https://ACCOUNT.r2.cloudflarestorage.com
///     s3://lake?endpoint=http://127.0.0.1:9000&style=path
package struct S3Address: Sendable, Hashable, CustomStringConvertible {
    package enum Style: String, Sendable {
        /// The bucket is the first part of the path.
        case path
        /// The bucket is the first label of the host.
        case virtual
    }

    package var bucket: String
    /// Ends with a slash unless it is empty.
    package var prefix: String
    /// `https://HOST[:PORT]`, without a slash at the end.
    package var endpoint: String
    package var region: String
    package var style: Style

    /// The member of the address that cannot be used, and why.
    package struct Malformed: Error, Sendable {
        package let summary: String
        package let hint: String?
    }

    package init(parsing text: String) throws(Malformed) {
        let mark = text.firstIndex(of: "?") ?? text.endIndex
        let place = text[..<mark]
        guard place.hasPrefix("s3://") else {
            throw Malformed(summary: "a store's address begins with s3://", hint: "s3://BUCKET/PREFIX")
        }
        let rest = place.dropFirst(5)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        bucket = String(rest[..<slash])
        guard Self.isBucket(bucket) else {
            throw Malformed(summary: "a store's address names no bucket", hint: "s3://BUCKET/PREFIX")
        }
        var prefix = slash < rest.endIndex ? String(rest[rest.index(after: slash)...]) : ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        guard prefix.utf8.count <= Self.prefixLimit else {
            throw Malformed(summary: "a store's prefix is too long", hint: "at most 256 bytes")
        }
        self.prefix = prefix.isEmpty ? "" : prefix + "/"
        let members = try Self.members(mark < text.endIndex ? text[text.index(after: mark)...] : "")
        let isAmazon = members["endpoint"] == nil
        region = members["region"] ?? (isAmazon ? "us-east-1" : "auto")
        endpoint = try Self.endpoint(members["endpoint"] ?? "https://s3.\(region).amazonaws.com")
        // Everybody but Amazon takes the bucket in the path; Amazon no longer promises to.
        let written = members["style"] ?? (isAmazon && !bucket.contains(".") ? "virtual" : "path")
        guard let style = Style(rawValue: written) else {
            throw Malformed(summary: "a store's style is path or virtual", hint: nil)
        }
        self.style = style
    }

    /// Leaves room for a bucket's name and a key below the 1,024 bytes of the store's own keys.
    private static let prefixLimit = 256

    private static func isBucket(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                    || [0x2D, 0x2E, 0x5F].contains($0)
            }
    }

    private static func members(_ query: Substring) throws(Malformed) -> [String: String] {
        var members: [String: String] = [:]
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(pair[0])
            guard ["endpoint", "region", "style"].contains(name) else {
                throw Malformed(
                    summary: "a store's address has no member \(name)",
                    hint: "its members are endpoint, region and style")
            }
            guard pair.count == 2, let value = PercentEncoding.decode(pair[1]), !value.isEmpty,
                members.updateValue(value, forKey: name) == nil
            else { throw Malformed(summary: "\(name) has no value, or more than one", hint: nil) }
        }
        return members
    }

    private static func endpoint(_ text: String) throws(Malformed) -> String {
        var text = text
        if text.hasSuffix("/") { text.removeLast() }
        let host = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? ""
        guard text.hasPrefix("http://") || text.hasPrefix("https://"), !host.isEmpty,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/?#@".utf8.contains($0) })
        else {
            throw Malformed(
                summary: "a store's endpoint is http://HOST[:PORT] or https://HOST[:PORT]", hint: nil)
        }
        return text
    }

    package var description: String {
        "s3://\(bucket)/\(prefix)?endpoint=\(endpoint)&region=\(region)&style=\(style.rawValue)"
    }

    /// `HOST[:PORT]` as the Host header has it.
    package var host: String {
        let name = endpoint.firstRange(of: "://").map { String(endpoint[$0.upperBound...]) } ?? endpoint
        return style == .virtual ? "\(bucket).\(name)" : name
    }

    /// Whether what is sent can be read on the way.
    package var isPlain: Bool { endpoint.hasPrefix("http://") }

    /// `https://HOST` in front of a raw path.
    package var origin: String { (isPlain ? "http://" : "https://") + host }

    /// The raw path of one of the store's own keys; nil for the bucket itself.
    package func rawPath(of key: String?) -> String {
        let base = style == .path ? "/\(bucket)" : ""
        guard let key else { return base.isEmpty ? "/" : base }
        return base + "/" + PercentEncoding.encode(key, keepsSlashes: true)
    }
}
