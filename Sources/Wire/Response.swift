package import JSONText

/// What a handler answers.
package struct Response: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Written while it is sent; `length` nil goes out in chunks. When `write` throws, the transfer is aborted.
        case stream(length: Int64?, write: @Sendable (ResponseWriter) async throws -> Void)
        /// A range of an open file, sent without a copy. The response owns the descriptor.
        case file(OwnedDescriptor, offset: Int64, length: Int64)
        /// Only for HEAD: the length a GET would have.
        case absent(length: Int64)
    }

    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body
    /// The pattern of the route that answered, for metrics. Set by `Router`.
    package var route = "-"

    package init(status: Int, headers: HTTPHeaders = [:], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package static func json(_ value: JSONValue, status: Int = 200) -> Response {
        Response(
            status: status, headers: ["content-type": "application/json"], body: .bytes(value.serialized()))
    }

    package static func text(
        _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(status: status, headers: ["content-type": contentType], body: .bytes(Array(text.utf8)))
    }
}
