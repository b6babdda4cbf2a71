import Streams
import Wire

/// `OPTIONS /ingest/{stream}`: what a browser asks before it sends.
///
/// Source: WHATWG Fetch, "CORS-preflight request".
struct Preflight {
    let api: IngestAPI

    /// A page that may not send cannot tell a stream that refuses it from none at all: a preflight carries no token.
    func answer(_ request: Request) throws -> Response {
        var response = Response(status: 204, headers: ["vary": "origin"])
        let stream: StreamDefinition
        do {
            stream = try api.stream(of: request).definition
        } catch is StreamsError {
            return response
        }
        let isAllowed = Origins(stream).allow(request, in: &response)
        response.headers["vary"] = "origin"
        guard isAllowed else { return response }
        response.headers["access-control-allow-methods"] = "POST, OPTIONS"
        response.headers["access-control-allow-headers"] =
            "authorization, content-type, content-encoding, idempotency-key, firn-producer, firn-sequence"
        response.headers["access-control-max-age"] = "86400"
        return response
    }
}

/// The web pages that may send to a stream.
struct Origins {
    private let allowed: [String]

    init(_ stream: StreamDefinition) { allowed = stream.http.corsOrigins }

    /// Adds what lets the request's page read the answer; false when it may not.
    @discardableResult
    func allow(_ request: Request, in response: inout Response) -> Bool {
        guard let origin = request.headers["origin"], !allowed.isEmpty else { return false }
        let exposed = "firn-last-sequence, idempotent-replayed, retry-after"
        if allowed.contains("*") {
            response.headers["access-control-allow-origin"] = "*"
            response.headers["access-control-expose-headers"] = exposed
            return true
        }
        response.headers.append("vary", "origin")
        guard allowed.contains(origin) else { return false }
        response.headers["access-control-allow-origin"] = origin
        response.headers["access-control-expose-headers"] = exposed
        return true
    }
}
