import Buckets
import Wire

/// Lets web pages reach a bucket's objects, as its rules say.
///
/// - Source: WHATWG Fetch, "CORS protocol"; "Using CORS", Amazon S3 user guide.
struct CORSAnswer {
    let rules: [CORSRule]

    /// The answer to an `OPTIONS` request, which carries no signature. One bucket without rules answers as one that is
    /// not there.
    func preflight(_ request: Request) throws(S3Error) -> Response {
        guard let origin = request.headers["origin"],
            let method = request.headers["access-control-request-method"]
        else {
            throw S3Error(
                .invalidRequest, "a preflight has the headers Origin and Access-Control-Request-Method")
        }
        let wanted = Self.names(request.headers["access-control-request-headers"])
        guard let rule = rules.first(where: { $0.allows(origin: origin, method: method, headers: wanted) })
        else {
            throw S3Error(.corsForbidden, "the bucket's rules do not allow this request")
        }
        var response = Response(status: 200)
        Self.add(rule, origin, to: &response)
        if !wanted.isEmpty {
            response.headers["access-control-allow-headers"] = wanted.joined(separator: ", ")
        }
        return response
    }

    /// Adds what lets the request's page read the answer.
    func add(to response: inout Response, of request: Request) {
        guard let origin = request.headers["origin"],
            let rule = rules.first(where: { $0.allows(origin: origin, method: request.method, headers: []) })
        else { return }
        Self.add(rule, origin, to: &response)
    }

    private static func add(_ rule: CORSRule, _ origin: String, to response: inout Response) {
        let isOpen = rule.origins.contains("*")
        response.headers["access-control-allow-origin"] = isOpen ? "*" : origin
        response.headers["access-control-allow-methods"] = rule.methods.joined(separator: ", ")
        if !rule.exposed.isEmpty {
            response.headers["access-control-expose-headers"] = rule.exposed.joined(separator: ", ")
        }
        if let seconds = rule.maxAgeSeconds { response.headers["access-control-max-age"] = "\(seconds)" }
        response.headers["vary"] = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
    }

    private static func names(_ header: String?) -> [String] {
        (header ?? "").split(separator: ",").map { name in
            var name = name.drop { $0 == " " }
            while name.last == " " { name = name.dropLast() }
            return name.lowercased()
        }.filter { !$0.isEmpty }
    }
}
