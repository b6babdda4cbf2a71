import Octets
package import Scheduling
package import Telemetry

/// One HTTP request as a handler sees it; the path and the query are as raw as they came.
package struct Request: Sendable {
    package let id: RequestID
    package let method: String
    package let target: RequestTarget
    package let headers: HTTPHeaders
    package let body: RequestBody
    /// The client's address as text, without the port.
    package let peer: String
    /// Cancelled when the client leaves, when a deadline passes, or when the server stops.
    package let cancellation: CancellationToken
    /// What stood in the braces of the route's pattern, still percent-encoded. Set by `Router`.
    package var rawParameters: [String: String] = [:]

    package init(
        id: RequestID, method: String, target: RequestTarget, headers: HTTPHeaders = [:],
        body: RequestBody = RequestBody(bytes: []), peer: String = "127.0.0.1",
        cancellation: CancellationToken = CancellationToken()
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
        self.cancellation = cancellation
    }

    package var rawTarget: String { target.raw }
    package var path: String { target.path }
    package var pathSegments: [String] { target.segments }

    /// The decoded value of a parameter of the route's pattern.
    ///
    /// - Errors: `WIR-101` when its escapes are broken or it is not UTF-8.
    package func parameter(_ name: String) throws(WireError) -> String {
        guard let raw = rawParameters[name] else {
            preconditionFailure("the route has no parameter \(name)")
        }
        if !raw.utf8.contains(UInt8(ascii: "%")) { return raw }
        guard let plain = PercentEncoding.decode(raw) else {
            throw WireError(
                .malformedTarget, "a part of the path is not percent-encoded UTF-8", ["part": raw])
        }
        return plain
    }

    /// The decoded first value of a query member; nil when it is absent.
    ///
    /// - Errors: `WIR-101` as for `parameter`.
    package func query(_ name: String) throws(WireError) -> String? {
        for item in target.queryItems where PercentEncoding.decode(item.name) == name {
            // Forms write a space as a plus; nobody means a plus by a bare one.
            guard let plain = PercentEncoding.decode(item.value.replacing("+", with: "%20")) else {
                throw WireError(
                    .malformedTarget, "a query member is not percent-encoded UTF-8", ["member": name])
            }
            return plain
        }
        return nil
    }

    /// What the client says the body's length is; nil for a chunked body or none.
    package var contentLength: Int64? {
        headers["content-length"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}
