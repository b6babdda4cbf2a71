import Columnar
import Telemetry
import Wire

/// Sends an answer in one of the formats, streaming when it is large: rows are computed as fast as the client reads.
///
/// The first part is held back, so that an answer that fails early is an error with its own status. A failure after
/// that ends with a line of its own, where the format has room for one, and an aborted transfer.
struct ResultWriter: Sendable {
    let answer: QueryAnswer
    let format: any ResultFormat

    /// How much is computed before the status goes out.
    private static let heldBackBytes = 1 << 20

    func response() async throws -> Response {
        var start = try format.head()
        while start.count < Self.heldBackBytes {
            guard let piece = try await nextPiece() else {
                start.append(contentsOf: try format.tail(answer.metrics()))
                return Response(status: 200, headers: headers, body: .bytes(start))
            }
            start.append(contentsOf: piece)
        }
        let firstPiece = start
        return Response(
            status: 200, headers: headers,
            body: .stream(length: nil) { writer in try await write(to: writer, after: firstPiece) })
    }

    private var headers: HTTPHeaders { ["content-type": format.contentType] }

    private func write(to writer: ResponseWriter, after firstPiece: [UInt8]) async throws {
        do {
            try await writer.write(firstPiece)
            while let piece = try await nextPiece() { try await writer.write(piece) }
            try await writer.write(format.tail(answer.metrics()))
        } catch {
            if (error as? WireError)?.code != .clientGone { try await writer.write(format.failure(error)) }
            throw error
        }
    }

    /// The rows of one batch; nil behind the last.
    private func nextPiece() async throws -> [UInt8]? {
        guard let batch = try await answer.nextBatch() else { return nil }
        return try format.encode(batch)
    }
}
