/// Takes the pieces of a streamed body; waits while the client is slower than the handler.
package struct ResponseWriter: Sendable {
    private let write: @Sendable ([UInt8]) async throws -> Void

    package init(write: @escaping @Sendable ([UInt8]) async throws -> Void) { self.write = write }

    /// Returns when the piece is queued, not when it is sent.
    ///
    /// - Errors: `WIR-301` when the client left.
    package func write(_ piece: [UInt8]) async throws {
        if !piece.isEmpty { try await write(piece) }
    }
}
