import Effects
import Faults
import HTTPClient
import Identity
import JSONText
import Metastore
import Pipelines
import Scheduling
import Streams
import Synchronization
import Telemetry
import Wire

/// Hands requests about streams and pipelines of other nodes to them, and their answers back.
///
///     producer ──▶ this node: whose is the stream? ──▶ the stream's node: rights, log, answer
///
/// Rights are looked at where the request is carried out: the nodes share their tokens. A request is handed on once, and
/// names the node it is meant for: whoever listens at an address that is out of date neither takes it nor answers for it.
///
/// - Threads: any.
struct RequestForwarding: Sendable {
    /// Requests that are at other nodes at once; more are refused with `NOD-403`.
    private static let limit = 1024
    private static let answerBytes = 64 << 20
    /// As long as a request may wait for pipelines to land something.
    private static let deadlineSeconds: Double = 3600
    private static let mark = "firn-forwarded"
    /// In a request that is handed on the node it is meant for, in its answer the node that gave it.
    private static let meant = "firn-node"
    /// How often a node that has a request is looked at: one whose lease is over may never answer.
    private static let lookPause = Duration.seconds(1)
    /// Of a connection, not of a request.
    private static let ownHeaders: Set<String> = [
        "connection", "content-length", "date", "expect", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "server", "te", "trailer", "transfer-encoding", "upgrade", "x-request-id",
        "accept-encoding", mark, meant,
    ]

    let node: String
    let peers: PeerAddresses
    let streams: StreamRegistry
    let pipelines: PipelineService
    let authenticator: Authenticator
    let ledger: MemoryLedger
    let client: HTTPClient
    /// Largest bodies: of events, and of everything else.
    let bodyBytes: (events: Int, other: Int)
    private let meters: Meters

    private final class Meters: Sendable {
        let forwarded: Counter
        let failed: Counter
        let open: Gauge
        private let count = Atomic<Int>(0)

        init(_ metrics: MetricsRegistry) {
            forwarded = metrics.counter(
                "firn_forwarded_requests_total", help: "Requests handed to the node that has the stream")
            failed = metrics.counter(
                "firn_forwarding_failures_total", help: "Requests handed on that got no answer")
            open = metrics.gauge("firn_forwarding_requests", help: "Requests that are at other nodes now")
        }

        /// False when there are too many.
        func enter(limit: Int) -> Bool {
            guard count.add(1, ordering: .relaxed).newValue <= limit else {
                count.subtract(1, ordering: .relaxed)
                return false
            }
            open.add(1)
            return true
        }

        func leave() {
            count.subtract(1, ordering: .relaxed)
            open.add(-1)
        }
    }

    init(_ rooms: NodeRooms) {
        node = rooms.metastore.node
        peers = PeerAddresses(rooms.metastore, clock: LiveClock())
        streams = rooms.streams
        pipelines = rooms.pipelines
        authenticator = Authenticator(tokens: rooms.tokens)
        ledger = rooms.ledger
        client = HTTPClient(connectionsPerHost: 256, metrics: rooms.metrics)
        bodyBytes = (rooms.settings.ingestBodyBytes, 1 << 20)
        meters = Meters(rooms.metrics)
    }

    /// Answers here, or through the node that has what the request is about.
    func answer(_ request: Request, here router: Router) async -> Response {
        guard request.headers[Self.mark] != nil, let meant = request.headers[Self.meant] else {
            return await route(request, here: router)
        }
        guard meant == node else {
            return Envelope.failure(PeerAddresses.unreachable(meant, "another node is at its address"))
        }
        var response = await route(request, here: router)
        response.headers[Self.meant] = node
        return response
    }

    private func route(_ request: Request, here router: Router) async -> Response {
        guard request.target.path.hasPrefix("/"), let subject = RequestSubject(request) else {
            return await router.answer(request)
        }
        let isForwarded = request.headers[Self.mark] != nil
        do {
            switch subject {
            case .stream(let name):
                guard !isForwarded, !streams.hasStream(name),
                    let other = try await streams.node(ofStream: name), other != node
                else { return await router.answer(request) }
                return try await forward(request, to: other, limit: bodyBytes.events)
            case .pipeline(let name):
                let owner = isForwarded ? nil : try await pipelines.node(ofPipeline: name)
                if let owner, owner != node {
                    return try await forward(request, to: owner, limit: bodyBytes.other)
                }
                guard request.method == "PATCH" else { return await router.answer(request) }
                return try await answerSQL(request, mayForward: false, router)
            case .sql: return try await answerSQL(request, mayForward: !isForwarded, router)
            }
        } catch {
            return Envelope.failure(error)
        }
    }

    /// SQL is carried out where the streams are that it reads.
    private func answerSQL(
        _ request: Request, mayForward: Bool, _ router: Router
    ) async throws -> Response {
        // SQL of strangers is not looked at.
        do { try await authenticator.principal(of: request).require(.pipelinesManage) } catch {
            return await router.answer(request)
        }
        let bytes = try await request.body.collect(limit: bodyBytes.other)
        // What is wrong with the body is told by whoever answers.
        let body: JSONValue
        do throws(JSONError) { body = try JSONParser.parse(bytes) } catch { body = .null }
        var owner: String?
        if let name = body["pipeline"]?.string, mayForward {
            owner = try await pipelines.node(ofPipeline: name)
        } else if let sql = body["sql"]?.string, let name = await pipelines.missingStream(of: sql) {
            owner = try await streams.node(ofStream: name)
            if let owner, owner != node, !mayForward { throw Self.apart(name, owner) }
        }
        guard let owner, owner != node else { return await router.answer(request.with(bytes)) }
        return try await send(request, bytes, to: owner)
    }

    private static func apart(_ stream: String, _ node: String) -> StreamsError {
        StreamsError(
            .onAnotherNode, "the SQL reads streams of several nodes", ["stream": stream, "node": node],
            hint: "a pipeline runs where its streams are: make one pipeline for each node")
    }

    private func forward(_ request: Request, to node: String, limit: Int) async throws -> Response {
        let expected = Int(clamping: request.contentLength ?? Int64(limit))
        let reservation = try ledger.reserve(min(limit, expected), for: "a request for another node")
        let bytes = try await request.body.collect(limit: limit)
        defer { withExtendedLifetime(reservation) {} }
        return try await send(request, bytes, to: node)
    }

    private func send(_ request: Request, _ bytes: [UInt8], to node: String) async throws -> Response {
        guard meters.enter(limit: Self.limit) else {
            throw NodeError(
                .tooManyForwarded, "too many requests are at other nodes", ["limit": Self.limit],
                hint: "wait a moment, or send to the stream's node itself")
        }
        defer { meters.leave() }
        meters.forwarded.add()
        var isAgain = false
        while true {
            do {
                return try await sendOnce(request, bytes, to: node)
            } catch let error as HTTPClientError where error.code == .notConnected && !isAgain {
                // Nothing was sent. Perhaps the node is elsewhere by now.
                peers.forget(node)
                isAgain = true
            } catch let error as HTTPClientError {
                meters.failed.add()
                if error.kind == .unavailable { throw PeerAddresses.unreachable(node, error.message) }
                throw NodeError(
                    .peerLost, "the node that has the stream gave no answer",
                    ["node": node, "reason": error.message],
                    hint: "the request may have been carried out: send events again with their key only")
            }
        }
    }

    private func sendOnce(
        _ request: Request, _ bytes: [UInt8], to node: String
    ) async throws -> Response {
        let address = try await peers.address(of: node)
        // As it was understood here: what a client wrote before the first slash would name another host.
        let target = request.target
        var headers = request.headers.entries.filter { !Self.ownHeaders.contains($0.name.lowercased()) }
        // Only where it names the stream; elsewhere the other node's own.
        if !request.pathSegments.isEmpty { headers.removeAll { $0.name.lowercased() == "host" } }
        headers += [(Self.mark, self.node), (Self.meant, node)]
        let outgoing = HTTPClientRequest(
            method: request.method, url: address + target.path + (target.query.map { "?" + $0 } ?? ""),
            headers: headers,
            omittedHeaders: ["expect", "accept-encoding", "content-type"],
            body: bytes.isEmpty && request.method != "POST" ? nil : bytes,
            deadlineSeconds: Self.deadlineSeconds)
        let client = self.client
        let call = Task {
            let answer = try await client.send(outgoing)
            return (answer, try await answer.collect(limit: Self.answerBytes))
        }
        let handler = request.cancellation.onCancel { call.cancel() }
        defer { request.cancellation.removeHandler(handler) }
        let watch = Task { [peers] in
            while !Task.isCancelled {
                try await Task.sleep(for: Self.lookPause)
                do { _ = try await peers.address(of: node) } catch is NodeError { return call.cancel() }
            }
        }
        defer { watch.cancel() }
        let (answer, body) = try await call.value
        guard answer.headers.contains(where: { $0.name.lowercased() == Self.meant && $0.value == node })
        else {
            meters.failed.add()
            throw NodeError(
                .peerLost, "somebody else answered at the address of the node that has the stream",
                ["node": node, "status": answer.status],
                hint: "nothing was kept by the node: wait until it runs, then send again")
        }
        let kept = answer.headers.filter { !Self.ownHeaders.contains($0.name.lowercased()) }
        return Response(status: answer.status, headers: HTTPHeaders(kept), body: .bytes(body))
    }
}

extension Request {
    /// The same with a body that is there.
    fileprivate func with(_ bytes: [UInt8]) -> Request {
        Request(
            id: id, method: method, target: target, headers: headers, body: RequestBody(bytes: bytes),
            peer: peer, cancellation: cancellation)
    }
}
