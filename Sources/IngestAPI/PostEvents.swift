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
        let mark = try RequestMark.read(request.headers)
        let reader = IngestBodyReader(
            encoding: try ContentEncoding(header: request.headers["content-encoding"]),
            mediaType: request.headers["content-type"], stream: stream.definition,
            unfoldedLimit: api.limits.unfoldedBytes)
        let sent = try await collect(request, stream.definition)
        let reservation = try api.ledger.reserve(sent.count, for: "events of a request")
        // Until the log has written them, whatever the optimiser thinks of it.
        defer { withExtendedLifetime(reservation) {} }
        let body =
            reader.isLong(sent)
            ? try await api.morsels.run(priority: .query) { try reader.read(sent, reservation) }
            : try reader.read(sent, reservation)
        var receipt: LogReceipt?
        if body.events.count > 0 {
            // Bodies may take long: whoever closes a stream counts on what comes after.
            try requireEnabled(try api.streams.stream(stream.definition.id.hexDigits).definition)
            let append = LogAppend(
                body: body.bytes, eventCount: body.events.count, framing: body.events.framing,
                receivedAt: receivedAt, wasCompressed: body.wasCompressed, mark: mark)
            receipt = try await api.streams.append(append, checksum: body.checksum, to: stream.definition.id)
        } else if mark?.sequence != nil {
            throw IngestError(.badMark, "a request without events takes no place in a sequence")
        }
        var result: JSONObject = ["committed": JSONValue((receipt?.eventCount ?? 0) - body.misfitCount)]
        if stream.definition.acknowledgement == .validated { body.describeMisfits(in: &result) }
        if stream.definition.acknowledgement == .landed, let receipt {
            try await waitUntilLanded(receipt, stream.definition, request.cancellation)
            result["landed"] = true
        }
        var response = Response.json(["success": true, "result": .object(result)])
        if let receipt, receipt.isRepeat {
            response.headers["idempotent-replayed"] = "true"
            response.headers["firn-last-sequence"] = receipt.lastSequence.map { "\($0)" }
        }
        Origins(stream.definition).allow(request, in: &response)
        return response
    }

    /// The stream may take smaller requests than the node does.
    private func collect(_ request: Request, _ stream: StreamDefinition) async throws -> [UInt8] {
        guard let own = stream.limits.requestBytes, own < api.limits.bodyBytes else {
            return try await request.body.collect(limit: api.limits.bodyBytes)
        }
        do {
            return try await request.body.collect(limit: Int(own))
        } catch let error as WireError where error.code == .bodyTooLarge {
            api.streams.noteLimitedRequest(stream.id)
            throw error
        }
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
        if stream.http.isEnabled, !stream.http.needsAuthentication { return }
        let principal = try await api.authenticator.principal(of: request)
        // A limit may name the stream either way.
        if principal.allows(.pipelinesSend, on: .stream(stream.name))
            || principal.allows(.pipelinesSend, on: .stream(stream.id.hexDigits))
        {
            return try requireEnabled(stream)
        }
        // Denied in the words that also answer for a stream that does not exist.
        try principal.require(.pipelinesSend)
    }

    private func requireEnabled(_ stream: StreamDefinition) throws(IngestError) {
        guard !stream.http.isEnabled else { return }
        throw IngestError(.notEnabled, "the stream takes no events over HTTP", ["stream": stream.name])
    }

    /// - Errors: `notLanded`: the events are durable, so a repeat needs a key.
    private func waitUntilLanded(
        _ receipt: LogReceipt, _ stream: StreamDefinition, _ token: CancellationToken
    ) async throws {
        let again = "send again only with the same key or sequence number"
        func notLanded(_ reason: String, _ hint: String, _ cause: any Error) -> IngestError {
            IngestError(
                .notLanded, "the events are kept and have not landed yet: \(reason)",
                ["stream": stream.name, "offset": receipt.offset], hint: hint, cause: cause)
        }
        let readers: Int
        do {
            readers = try await api.land(stream.id, LogOffset(record: receipt.offset.record + 1), token)
        } catch let halt as LandingHalt {
            throw notLanded(halt.reason, "\(halt.remedy), and they land; \(again)", halt)
        } catch {
            let reason = (error as? any Fault)?.publicMessage ?? "\(error)"
            throw notLanded(reason, "they land by themselves; \(again)", error)
        }
        if readers == 0 {
            throw IngestError(
                .noPipeline, "the events are kept; no pipeline reads the stream",
                ["stream": stream.name, "offset": receipt.offset],
                hint: "they land once one does; `firn pipeline create`")
        }
    }
}
