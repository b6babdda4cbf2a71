/// What an action is about, as far as limits of scopes can tell. A nil part means "no particular one".
package struct Resource: Sendable, Hashable, CustomStringConvertible {
    package var bucket: String?
    /// An object's key, or the prefix of a listing.
    package var key: String?
    /// Levels joined by dots.
    package var namespace: String?
    /// Namespace and name joined by a dot.
    package var table: String?
    /// A stream's id.
    package var stream: String?

    package init(
        bucket: String? = nil, key: String? = nil, namespace: String? = nil, table: String? = nil,
        stream: String? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.namespace = namespace
        self.table = table
        self.stream = stream
    }

    /// The whole account.
    package static let account = Resource()
    package static func bucket(_ name: String) -> Resource { Resource(bucket: name) }
    package static func object(_ bucket: String, _ key: String) -> Resource {
        Resource(bucket: bucket, key: key)
    }
    package static func stream(_ id: String) -> Resource { Resource(stream: id) }
    package static func namespace(_ bucket: String, _ levels: [String]) -> Resource {
        Resource(bucket: bucket, namespace: levels.joined(separator: "."))
    }
    package static func table(_ bucket: String, _ levels: [String], _ name: String) -> Resource {
        Resource(
            bucket: bucket, namespace: levels.joined(separator: "."),
            table: (levels + [name]).joined(separator: "."))
    }

    package var description: String {
        let parts = [
            ("bucket", bucket), ("key", key), ("namespace", namespace), ("table", table), ("stream", stream),
        ]
        let text = parts.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: ",")
        return text.isEmpty ? "the account" : text
    }
}
