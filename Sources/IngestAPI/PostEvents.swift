import Effects
import Faults
import FileFormats
import Identity
import JSONText
import Scheduling
import Streams
import Wire

/// `POST /ingest/{stream}`
///
/// - Cost: the body is collected once, checked in one pass, copied once into the log's group.
struct PostEvents {
    let api: IngestAPI

    func answer(_ request: Request) async throws -> Response {
        let stream = try await findStream(request)
        try await authorise(request, stream.definition)
        let receivedAt = api.clock.now
        let (body, wasCompressed) = try await readBody(request)
        let events = try EventBody.inspect(
            body, mediaType: request.headers["content-type"],
            requiresObjects: stream.definition.schema != .unstructured)
        // An empty array says "nothing" on purpose; an empty body is a mistake.
        guard events.count > 0 || events.framing == .array else {
            throw FileFormatsError(.malformedBody, "the body is empty", at: .byte(0))
        }
        if events.count > 0 {
            let append = LogAppend(
                body: body, eventCount: events.count, framing: events.framing, receivedAt: receivedAt,
                wasCompressed: wasCompressed)
            try await api.streams.append(append, to: stream.definition.id)
        }
        var response = Response.json(
            ["success": true, "result": ["committed": JSONValue(events.count)]])
        Origins(stream.definition).allow(request, in: &response)
        return response
    }

    /// Whoever may not send everywhere learns no stream's name from the difference between 401, 403 and 404.
    private func findStream(_ request: Request) async throws -> StreamRegistry.OpenStream {
        do {
            return try api.stream(of: request)
        } catch let error as StreamsError where error.code == .streamNotFound {
            try await api.authenticator.principal(of: request).require(.pipelinesSend)
            throw error
        }
    }

    private func authorise(_ request: Request, _ stream: StreamDefinition) async throws {
        guard stream.http.isEnabled else {
            throw IngestError(.notEnabled, "the stream takes no events over HTTP", ["stream": stream.name])
        }
        guard stream.http.needsAuthentication else { return }
        let principal = try await api.authenticator.principal(of: request)
        // A limit may name the stream either way.
        if principal.allows(.pipelinesSend, on: .stream(stream.name))
            || principal.allows(.pipelinesSend, on: .stream(stream.id.hexDigits))
        {
            return
        }
        // Denied in the words that also answer for a stream that does not exist.
        try principal.require(.pipelinesSend)
    }

    private func readBody(_ request: Request) async throws -> (bytes: [UInt8], wasCompressed: Bool) {
        let encoding = (request.headers["content-encoding"] ?? "identity").lowercased()
        let bytes = try await request.body.collect(limit: api.limits.bodyBytes)
        switch encoding {
        case "identity", "": return (bytes, false)
        case "gzip", "x-gzip":
            let limit = api.limits.unfoldedBytes
            do {
                return (try await api.pool.run { try Codec.gzip.decompress(bytes, limit: limit) }, true)
            } catch let error as FileFormatsError where error.code == .corruptFile {
                throw IngestError(
                    .damagedEncoding, "the body is no gzip", ["bytes": bytes.count], cause: error)
            }
        default:
            throw IngestError(
                .unsupportedEncoding, "the body's encoding is not known", ["content-encoding": encoding],
                hint: "send it plain or as gzip")
        }
    }
}
