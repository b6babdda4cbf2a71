import JSONText
package import Telemetry

/// Finds the route of a request by its raw path segments, and turns thrown faults into answers.
///
/// Literals win over parameters, parameters over rests; `HEAD` falls back to `GET`. `OPTIONS` answers with the methods.
package struct Router: Sendable {
    package typealias FaultRenderer = @Sendable (any Error, Request) -> Response

    private var root = RouteNode()
    private let renderFault: FaultRenderer
    private let log: Log

    /// `renderFault` makes the error bodies of this API; merged routers keep their own.
    package init(log: Log, renderFault: @escaping FaultRenderer = { error, _ in Envelope.failure(error) }) {
        self.log = log
        self.renderFault = renderFault
    }

    package mutating func add(
        _ method: String, _ pattern: String, bodyLimitBytes: Int? = 1 << 20,
        _ handler: @escaping Route.Handler
    ) {
        root.insert(
            Route(
                method: method, pattern: pattern, bodyLimitBytes: bodyLimitBytes, handler: handler,
                renderFault: renderFault))
    }

    /// Takes over all routes of another router, with its error bodies.
    package mutating func merge(_ other: Router) {
        for route in other.root.routes { root.insert(route) }
    }

    package var patterns: [String] { root.routes.map { "\($0.method) \($0.pattern)" }.sorted() }

    package func answer(_ request: Request) async -> Response {
        let match = root.match(request.pathSegments[...])
        guard let match else {
            return renderFault(
                WireError(.noRoute, "no such path", ["method": request.method, "path": request.path]), request
            )
        }
        let methods = match.routes
        guard let route = methods[request.method] ?? (request.method == "HEAD" ? methods["GET"] : nil) else {
            return answerWithoutRoute(request, methods)
        }
        var request = request
        request.rawParameters = match.parameters
        var response: Response
        do {
            try checkLength(request, route)
            response = try await route.handler(request)
        } catch {
            response = route.renderFault(error, request)
            report(error, request, status: response.status)
        }
        response.route = route.pattern
        return response
    }

    /// Refuses a request whose declared length is over its route's limit; nil when it may go on.
    package func refuse(_ request: Request) -> Response? {
        guard let route = root.match(request.pathSegments[...])?.routes[request.method] else { return nil }
        do {
            try checkLength(request, route)
            return nil
        } catch {
            var response = route.renderFault(error, request)
            response.route = route.pattern
            return response
        }
    }

    private func checkLength(_ request: Request, _ route: Route) throws(WireError) {
        if let limit = route.bodyLimitBytes, let length = request.contentLength, length > Int64(limit) {
            throw WireError.bodyTooLarge(limit: limit)
        }
    }

    private func answerWithoutRoute(_ request: Request, _ methods: [String: Route]) -> Response {
        let allowed = (methods["GET"] == nil ? [] : ["HEAD"]) + ["OPTIONS"] + methods.keys
        let allow = Set(allowed).sorted().joined(separator: ", ")
        let render = methods.values.first?.renderFault ?? renderFault
        var response =
            request.method == "OPTIONS"
            ? Response(status: 204)
            : render(
                WireError(
                    .methodNotAllowed, "this path does not take this method",
                    ["method": request.method, "path": request.path], hint: "allowed: \(allow)"), request)
        response.headers["allow"] = allow
        return response
    }

    private func report(_ error: any Error, _ request: Request, status: Int) {
        let level: LogLevel = status >= 500 ? .error : .debug
        log.log(
            level, "a request failed",
            [
                "method": .string(request.method), "path": .string(request.path),
                "status": .integer(Int64(status)), "reason": .string("\(error)"),
            ])
    }
}
