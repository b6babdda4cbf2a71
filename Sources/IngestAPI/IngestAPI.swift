package import Effects
import FileFormats
package import Scheduling
package import Streams
package import Telemetry
package import Wire

/// Takes events over HTTP: decode, authorise, check the whole body, append it to the stream's log, answer.
///
///     POST /ingest/{stream}                      the stream's id or name
///     POST / with Host: {stream}.ingest.…
///
/// A request is all or nothing; its 200 means that every event of it is on disk.
package struct IngestAPI: Sendable {
    package struct Limits: Sendable {
        /// Of a body as it is sent.
        package var bodyBytes = 5 << 20
        /// Of a compressed body once it is unfolded.
        package var unfoldedBytes = 32 << 20
        package init() {}
    }

    /// Returns when every pipeline of the stream has landed everything before the offset; answers how many there are.
    ///
    /// - Errors: `LandingHalt` where nothing lands before somebody acts.
    package typealias Landing =
        @Sendable (_ stream: UniqueID, _ offset: LogOffset, _ token: CancellationToken) async throws -> Int

    let streams: StreamRegistry
    let authenticator: Authenticator
    let limits: Limits
    let clock: any Clock
    /// Where long bodies are unfolded and checked.
    let morsels: MorselPool
    /// What bodies hold from their arrival until the log has written them is promised to it.
    let ledger: MemoryLedger
    let land: Landing

    package init(
        streams: StreamRegistry, authenticator: Authenticator, limits: Limits = Limits(),
        clock: any Clock = LiveClock(), morsels: MorselPool, ledger: MemoryLedger,
        land: @escaping Landing
    ) {
        self.streams = streams
        self.authenticator = authenticator
        self.limits = limits
        self.clock = clock
        self.morsels = morsels
        self.ledger = ledger
        self.land = land
    }

    package func router(log: Log) -> Router {
        // A page may read also why it was refused, and when to come back.
        var router = Router(log: log) { [self] error, request in
            var response = Self.failure(error)
            if let stream = known(request) { Origins(stream).allow(request, in: &response) }
            return response
        }
        for pattern in ["/ingest/{stream}", "/"] {
            router.add("POST", pattern, bodyLimitBytes: limits.bodyBytes) {
                try await PostEvents(api: self).answer($0)
            }
            router.add("OPTIONS", pattern) { try Preflight(api: self).answer($0) }
        }
        return router
    }

    /// Malformed JSON has the hosted service's number.
    static func failure(_ error: any Error) -> Response {
        let isMalformed = (error as? FileFormatsError)?.code == .malformedBody
        return Envelope.failure(error, number: isMalformed ? 1003 : nil)
    }

    private func known(_ request: Request) -> StreamDefinition? {
        do { return try stream(of: request).definition } catch { return nil }
    }

    /// The stream that the path or the host names.
    func stream(of request: Request) throws -> StreamRegistry.OpenStream {
        if request.rawParameters["stream"] != nil {
            return try streams.stream(try request.parameter("stream"))
        }
        let host = request.headers["host"] ?? ""
        let labels = host.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard labels.count == 3, labels[1] == "ingest", !labels[0].isEmpty else {
            throw IngestError(
                .noStream, "the address names no stream", ["host": host],
                hint: "send to /ingest/STREAM, or to the host STREAM.ingest.…")
        }
        return try streams.stream(String(labels[0]))
    }
}

/// A pipeline of the stream lands nothing until somebody acts: it is paused, or has failed.
package struct LandingHalt: Error {
    /// The pipeline, its state and the reason, as a sentence without its stop.
    package var reason: String
    /// What would be right.
    package var remedy: String

    package init(reason: String, remedy: String) {
        self.reason = reason
        self.remedy = remedy
    }
}
