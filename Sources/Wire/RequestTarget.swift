import Octets

/// The target of a request as it came, cut into path and query, nothing decoded.
///
///     /catalog/v1/namespaces/a%1Fb/tables?pageSize=10
package struct RequestTarget: Sendable {
    package let raw: String
    /// Starts with a slash; still percent-encoded.
    package let path: String
    /// What follows the first question mark; nil without one.
    package let query: String?

    /// Accepts the absolute form that proxies send; its scheme and authority are dropped.
    package init(_ raw: String) {
        self.raw = raw
        var rest = raw[...]
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            let authority = rest[scheme.upperBound...]
            rest = authority[(authority.firstIndex { $0 == "/" || $0 == "?" } ?? authority.endIndex)...]
        }
        // Over bytes: characters are twenty times dearer, and presigned addresses are long.
        let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
        let before = rest[..<(mark ?? rest.endIndex)]
        path = before.isEmpty ? "/" : String(before)
        query = mark.map { String(rest[rest.utf8.index(after: $0)...]) }
    }

    /// The raw parts between slashes: `/a//b%2Fc` gives `a`, an empty one, and `b%2Fc`; `/` gives none.
    package var segments: [String] {
        if path == "/" || path == "*" { return [] }
        let body = path.hasPrefix("/") ? path.dropFirst() : path[...]
        return body.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }

    /// The members of the query in order, raw; a member without an equals sign has an empty value.
    package var queryItems: [(name: String, value: String)] {
        query.map(QueryMembers.split) ?? []
    }
}
