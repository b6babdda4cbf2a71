/// A request to some server.
package struct HTTPClientRequest: Sendable {
    package var method: String
    /// Sent as it stands: nothing is encoded, no dots are resolved.
    package var url: String
    package var headers: [(name: String, value: String)]
    /// Headers that libcurl adds by itself and is not to, in lower case; one that `headers` has is sent.
    package var omittedHeaders: [String]
    package var body: [UInt8]?
    /// The body as it is made, instead of `body`.
    package var stream: HTTPBodyStream?
    /// From the call to the end of the answer.
    package var deadlineSeconds: Double
    /// A transfer on which nothing moves for so long fails, unless its reader is what it waits for; nil for no such bound.
    package var stallSeconds: Int?

    package init(
        method: String, url: String, headers: [(name: String, value: String)] = [],
        omittedHeaders: [String] = [], body: [UInt8]? = nil, deadlineSeconds: Double = 60
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.omittedHeaders = omittedHeaders
        self.body = body
        self.deadlineSeconds = deadlineSeconds
    }

    /// The headers in libcurl's form: `name;` sends one without a value, `name:` leaves one of its own out.
    var headerLines: [String] {
        let named = Set(headers.map { $0.name.lowercased() })
        let sent = headers.map { name, value in
            value.allSatisfy { $0 == " " || $0 == "\t" } ? "\(name);" : "\(name): \(value)"
        }
        return sent + omittedHeaders.filter { !named.contains($0) }.map { "\($0):" }
    }
}

/// The head of an answer and the way to its body. A transfer that nobody reads any more is cancelled.
package struct HTTPClientResponse: Sendable {
    package let status: Int
    package let headers: [(name: String, value: String)]
    private let reader: Reader
    private var transfer: Transfer { reader.transfer }

    /// Goes with the last copy of the response.
    private final class Reader: Sendable {
        let transfer: Transfer
        init(_ transfer: Transfer) { self.transfer = transfer }
        deinit { if !transfer.isFinished { transfer.cancel() } }
    }

    init(status: Int, headers: [(name: String, value: String)], transfer: Transfer) {
        self.status = status
        self.headers = headers
        reader = Reader(transfer)
    }

    /// The first value of a header in any case.
    package func header(_ name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }

    /// The next piece of the body; nil at its end. A slow reader stops the server's sending.
    ///
    /// - Errors: `HTC-203`, `HTC-204`.
    package func next() async throws -> [UInt8]? {
        defer { withExtendedLifetime(reader) {} }
        return try await transfer.nextPiece()
    }

    /// The body, or as much as is more than `limit`; `next` gives the same bytes again. - Errors: as `next`.
    package func peek(limit: Int) async throws -> [UInt8] {
        var pieces: [[UInt8]] = []
        var count = 0
        while count <= limit, let piece = try await next() {
            pieces.append(piece)
            count += piece.count
        }
        transfer.putBack(pieces)
        return Array(pieces.joined())
    }

    /// The whole body. - Errors: as `next`, and `HTC-102`.
    package func collect(limit: Int = 64 << 20) async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await next() {
            guard whole.count + piece.count <= limit else {
                transfer.cancel()
                throw HTTPClientError(.answerTooLarge, "the answer is too long", ["limit": limit])
            }
            whole += piece
        }
        return whole
    }
}
