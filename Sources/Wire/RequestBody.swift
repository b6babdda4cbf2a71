/// The body of a request: a stream that holds only a bounded part in memory.
///
/// A handler that reads slowly makes the server stop reading from the socket. One reader at a time.
package struct RequestBody: Sendable {
    private enum Source {
        case bytes(BodyOnce)
        case exchange(Exchange)
    }
    private let source: Source
    private let declaredLength: Int64?

    /// A body that is already there; for tests and for calls inside the process.
    package init(bytes: [UInt8]) {
        source = .bytes(BodyOnce(bytes))
        declaredLength = Int64(bytes.count)
    }

    init(exchange: Exchange, declaredLength: Int64?) {
        source = .exchange(exchange)
        self.declaredLength = declaredLength
    }

    /// The next piece in order; nil at the end.
    ///
    /// - Errors: `WIR-301` when the client left before the end.
    package func next() async throws -> [UInt8]? {
        switch source {
        case .bytes(let once): once.take()
        case .exchange(let exchange): try await exchange.nextBodyPiece()
        }
    }

    /// The whole body.
    ///
    /// - Errors: `WIR-201` when it is longer than `limit` bytes, before that much was read if the client said so; `WIR-202` when all
    ///   collected bodies together take too much.
    package func collect(limit: Int) async throws -> [UInt8] {
        if let declaredLength, declaredLength > Int64(limit) { throw WireError.bodyTooLarge(limit: limit) }
        var whole: [UInt8] = []
        try reserve(declaredLength.map { Int($0) } ?? 0)
        if let declaredLength { whole.reserveCapacity(Int(declaredLength)) }
        while let piece = try await next() {
            if whole.count + piece.count > limit { throw WireError.bodyTooLarge(limit: limit) }
            if declaredLength == nil { try reserve(piece.count) }
            if whole.isEmpty, declaredLength.map({ Int64(piece.count) == $0 }) ?? false {
                whole = piece
            } else {
                whole.append(contentsOf: piece)
            }
        }
        return whole
    }

    private func reserve(_ bytes: Int) throws(WireError) {
        if case .exchange(let exchange) = source { try exchange.reserve(bytes) }
    }
}
