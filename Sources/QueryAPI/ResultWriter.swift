import Columnar
import Faults
import JSONText
import Synchronization
import Telemetry
import Wire

/// Puts an answer into the hosted service's envelope, streaming when it is large.
///
///     {"result":{"request_id":…,"schema":[…],"rows":[…],"metrics":{…}},"success":true,"errors":[],"messages":[]}
///
/// The first part is held back, so that an answer that fails early is an error with its own status. A failure after
/// that ends with a line of its own and an aborted transfer.
struct ResultWriter: Sendable {
    private let answer: QueryAnswer
    private let requestID: RequestID
    private let log: Log
    private let state: RowState

    /// How much is computed before the status goes out.
    private static let heldBackBytes = 1 << 20

    init(answer: QueryAnswer, requestID: RequestID, log: Log) {
        self.answer = answer
        self.requestID = requestID
        self.log = log
        state = RowState(RowEncoder(schema: answer.schema))
    }

    func response() async throws -> Response {
        var start = head
        while start.count < Self.heldBackBytes {
            guard let piece = try await nextPiece() else {
                return Response(status: 200, headers: Self.headers, body: .bytes(start + tail))
            }
            start.append(contentsOf: piece)
        }
        let firstPiece = start
        return Response(
            status: 200, headers: Self.headers,
            body: .stream(length: nil) { writer in try await write(to: writer, after: firstPiece) })
    }

    private static let headers: HTTPHeaders = ["content-type": "application/json"]

    private func write(to writer: ResponseWriter, after firstPiece: [UInt8]) async throws {
        do {
            try await writer.write(firstPiece)
            while let piece = try await nextPiece() { try await writer.write(piece) }
            try await writer.write(tail)
        } catch {
            if (error as? WireError)?.code != .clientGone { try await writer.write(errorLine(error)) }
            throw error
        }
    }

    /// The rows of one batch; nil behind the last.
    private func nextPiece() async throws -> [UInt8]? {
        guard let batch = try await answer.nextBatch() else { return nil }
        return state.encode(batch)
    }

    private var head: [UInt8] {
        let schema = zip(answer.schema.fields, state.names).map { TypeDescriptor.column($0, name: $1) }
        var bytes = Array("{\"result\":{\"request_id\":".utf8)
        JSONValue.appendQuoted(requestID.description, to: &bytes)
        bytes.append(contentsOf: ",\"schema\":".utf8)
        bytes.append(contentsOf: JSONValue.array(schema).serialized())
        bytes.append(contentsOf: ",\"rows\":[".utf8)
        return bytes
    }

    private var tail: [UInt8] {
        Array("],\"metrics\":".utf8) + JSONValue.object(answer.metrics()).serialized()
            + Array("},\"success\":true,\"errors\":[],\"messages\":[]}".utf8)
    }

    private func errorLine(_ error: any Error) -> [UInt8] {
        guard case .bytes(let body) = Envelope.failure(error).body else { return [] }
        return [0x0A] + body + [0x0A]
    }
}

/// The row encoder between two batches: it knows whether a comma is due.
private final class RowState: Sendable {
    let names: [String]
    private let encoder: Mutex<RowEncoder>

    init(_ encoder: RowEncoder) {
        names = encoder.names
        self.encoder = Mutex(encoder)
    }

    func encode(_ batch: Batch) -> [UInt8] {
        var bytes: [UInt8] = []
        encoder.withLock { $0.append(batch, to: &bytes) }
        return bytes
    }
}
