/// One method and path pattern with its handler.
///
///     GET /catalog/v1/{prefix}/namespaces/{namespace}/tables/{table}
///     GET /{bucket}/{key...}
package struct Route: Sendable {
    package typealias Handler = @Sendable (Request) async throws -> Response

    package let method: String
    package let pattern: String
    /// Longer bodies get 413; nil for handlers that stream and bound the body themselves.
    package let bodyLimitBytes: Int?
    let handler: Handler
    let renderFault: @Sendable (any Error, Request) -> Response

    enum Segment {
        case literal(String)
        case parameter(String)
        /// Takes all segments that are left, at least one.
        case rest(String)
    }

    /// The parsed pattern. Braces in the wrong place are our bug.
    var segments: [Segment] {
        RequestTarget(pattern).segments.map { text in
            guard text.hasPrefix("{") else { return .literal(text) }
            precondition(text.hasSuffix("}"), "a pattern's parameter is a whole segment: \(pattern)")
            let name = text.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
        }
    }
}
