import Effects
import JSONText
import Scheduling
import Synchronization
import Telemetry

/// What the HTTP library's callbacks reach: turns a request's head into a running handler, and knows all that run.
final class ServerCore: Sendable {
    let limits: HTTPLimits
    private let effects: ServerEffects
    private let refuse: @Sendable (Request) -> Response?
    private let handler: @Sendable (Request) async -> Response
    private let renderRefusal: Router.FaultRenderer
    private let isProbe: @Sendable (Request) -> Bool
    private let metrics: AccessMetrics
    private let budget: BodyBudget
    /// For ids of requests, which have to differ and are no secrets: the system's generator is a call of the system.
    private let ids: DrawnRandomness
    private let live = Mutex<[ObjectIdentifier: Exchange]>([:])
    private let isDraining = Atomic<Bool>(false)

    init(
        name: String, limits: HTTPLimits, effects: ServerEffects,
        hooks: ServerHooks,
        handler: @escaping @Sendable (Request) async -> Response
    ) {
        self.limits = limits
        self.effects = effects
        refuse = hooks.refuse
        renderRefusal = hooks.renderRefusal
        isProbe = hooks.isProbe
        self.handler = handler
        ids = DrawnRandomness(seed: effects.randomness.next())
        metrics = AccessMetrics(server: name, registry: effects.metrics)
        budget = BodyBudget(
            limit: limits.collectedBytes,
            gauge: effects.metrics.gauge(
                "firn_http_body_bytes", ["server": name], help: "Request bodies held in memory whole."))
    }

    func begin(_ handle: RequestHandle) -> Exchange? {
        let start = effects.clock.monotonicNanoseconds
        let log = effects.log
        let id = makeRequestID()
        let exchange = Exchange(
            handle: handle, requestID: id, limits: limits, budget: budget, startNanoseconds: start,
            complain: { log.error("the answer was changed", ["reason": .string($0)]) },
            retire: { [weak self] in self?.retire($0) })
        let headers = handle.headers
        let target = RequestTarget(handle.rawTarget)
        let length = headers["content-length"].flatMap { Int64($0) }
        let request = Request(
            id: id, method: handle.method, target: target, headers: headers,
            body: RequestBody(exchange: exchange, declaredLength: length), peer: handle.peer,
            cancellation: exchange.cancellation)
        metrics.inFlight.add(1)
        live.withLock { $0[ObjectIdentifier(exchange)] = exchange }
        if let fault = faultOfHead(request, version: handle.version) {
            var refusal = renderRefusal(fault, request)
            refusal.headers["connection"] = "close"
            exchange.refuse(finish(refusal, of: request, start: start))
            return exchange
        }
        // A body too long to be worth discarding is refused now: once it is on its way, the library takes no answer.
        // So is one whose client waits to be told.
        let waits = headers["expect"] != nil
        if let length, waits || length > limits.discardedBytes, let refusal = refuse(request) {
            exchange.refuse(finish(refusal, of: request, start: start))
            return exchange
        }
        // No task is this one's parent: it begins on the library's thread. `live` bounds and owns them instead.
        if isPrompt(request, length) {
            exchange.startWhenComplete { [self] in
                Task.immediate { await run(request, exchange, start: start) }
            }
        } else {
            Task { await run(request, exchange, start: start) }
        }
        return exchange
    }

    /// A client that waits to be told to go on has to hear from the handler first.
    private func isPrompt(_ request: Request, _ length: Int64?) -> Bool {
        guard let most = limits.promptBodyBytes else { return false }
        return (length ?? 0) <= most && request.headers["transfer-encoding"] == nil
            && request.headers["expect"] == nil
    }

    private func makeRequestID() -> RequestID {
        RequestID(UniqueID.timeOrdered(at: effects.clock.now, from: ids).hexDigits)
    }

    private func faultOfHead(_ request: Request, version: String) -> WireError? {
        if isDraining.load(ordering: .relaxed), !isProbe(request) {
            return .refusal(status: 503, hasHead: true)
        }
        return HeadCheck.fault(headers: request.headers, version: version)
    }

    /// The whole answer, head and body, to a request that the library refuses by itself.
    func refused(_ exchange: Exchange?, status: Int) -> [UInt8] {
        let request = Request(
            id: exchange?.requestID ?? makeRequestID(), method: "-", target: RequestTarget("/"))
        let fault = WireError.refusal(status: status, hasHead: exchange != nil)
        var response = renderRefusal(fault, request)
        response = finish(response, of: request, start: effects.clock.monotonicNanoseconds)
        effects.log.debug(
            "a request was refused", ["status": .integer(Int64(status)), "reason": .string("\(fault)")])
        guard case .bytes(let body) = response.body else { preconditionFailure("a fault has a short body") }
        var head = "HTTP/1.1 \(response.status) \(fault.reasonPhrase)\r\n"
        for (name, value) in response.headers.entries { head += "\(name): \(value)\r\n" }
        head += "connection: close\r\ncontent-length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    private func run(_ request: Request, _ exchange: Exchange, start: Int64) async {
        await RequestID.$current.withValue(request.id) {
            let response = finish(await handler(request), of: request, start: start)
            exchange.answer(response)
            if case .stream(_, let write) = response.body, request.method != "HEAD" {
                do {
                    try await write(ResponseWriter { try await exchange.write($0) })
                    exchange.endAnswer(hasFailed: false)
                } catch {
                    effects.log.warning("an answer ended early", ["reason": .string("\(error)")])
                    exchange.endAnswer(hasFailed: true)
                }
            }
            exchange.taskDone()
        }
    }

    /// Adds the headers that every answer has, and counts it.
    private func finish(_ response: Response, of request: Request, start: Int64) -> Response {
        var response = response
        response.headers["x-request-id"] = request.id.description
        response.headers["server"] = FirnVersion.product
        // The library ends a chunked answer to HEAD with a last chunk, which the next answer's reader would trip over.
        if request.method == "HEAD", case .stream(nil, _) = response.body { response.body = .bytes([]) }
        if isDraining.load(ordering: .relaxed), request.method != "-" {
            response.headers["connection"] = "close"
        }
        metrics.count(
            route: response.route, status: response.status,
            nanoseconds: effects.clock.monotonicNanoseconds - start)
        return response
    }

    private func retire(_ exchange: Exchange) {
        metrics.inFlight.add(-1)
        live.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(exchange)) }
    }

    func complained(_ message: String) {
        effects.log.debug("http", ["message": .string(message.trimmingSuffix { $0.isNewline })])
    }

    func watch(connectionCount: Int) {
        metrics.connections.set(Int64(connectionCount))
        let now = effects.clock.monotonicNanoseconds
        for exchange in liveExchanges { exchange.watch(nowNanoseconds: now) }
    }

    func startDraining() { isDraining.store(true, ordering: .relaxed) }
    var isIdle: Bool { live.withLock { $0.isEmpty } }
    var isReleased: Bool { liveExchanges.allSatisfy(\.isReleased) }
    func cancelAll() {
        for exchange in liveExchanges {
            exchange.cancellation.cancel(
                SchedulingError(
                    .shuttingDown, "the server stops and the request did not end in time",
                    hint: "send it again when it runs again"))
        }
    }
    func abortAll() { for exchange in liveExchanges { exchange.abort() } }
    private var liveExchanges: [Exchange] { live.withLock { Array($0.values) } }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, predicate(last) { text.removeLast() }
        return String(text)
    }
}
