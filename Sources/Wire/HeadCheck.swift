/// Finds what makes a request's framing ambiguous: two parties that read it differently could be made to see two
/// different requests.
///
/// - Source: RFC 9112, sections 3.2, 6.1 and 6.3.
enum HeadCheck {
    /// Nil when all is well.
    static func fault(headers: HTTPHeaders, version: String) -> WireError? {
        let codings = headers.all("transfer-encoding")
        let lengths = headers.all("content-length")
        if let coding = codings.first(where: { $0.lowercased() != "chunked" }) {
            return WireError(
                .codingUnknown, "the only transfer coding is chunked", ["transfer-encoding": coding])
        }
        if codings.count > 1 || !codings.isEmpty && !lengths.isEmpty {
            return WireError(
                .malformedRequest, "the request gives its length in two ways",
                hint: "send one Content-Length, or one Transfer-Encoding: chunked")
        }
        if let first = lengths.first, lengths.contains(where: { $0 != first }) {
            return WireError(
                .malformedRequest, "the request gives its length twice, and differently",
                ["content-length": lengths.joined(separator: ", ")])
        }
        let hosts = headers.all("host").count
        if hosts > 1 || hosts == 0 && version == "HTTP/1.1" {
            return WireError(.malformedRequest, "a request has one Host header", ["found": hosts])
        }
        return nil
    }
}

extension WireError {
    /// What stands behind the status in the first line of an answer; clients read the number.
    var reasonPhrase: String {
        switch code {
        case .requestTimeout: "Request Timeout"
        case .bodyTooLarge: "Content Too Large"
        case .targetTooLong: "URI Too Long"
        case .headTooLarge: "Request Header Fields Too Large"
        case .versionUnknown: "HTTP Version Not Supported"
        case .stopping: "Service Unavailable"
        case .cannotAnswer: "Internal Server Error"
        default: "Bad Request"
        }
    }

    /// What the HTTP library's own refusal means. `hasHead` when it could read the head.
    static func refusal(status: Int, hasHead: Bool) -> WireError {
        switch status {
        case 408: WireError(.requestTimeout, "the rest of the request did not come in time")
        case 413:
            WireError(
                .bodyTooLarge, "the Content-Length is larger than any body can be", hint: "send less at once")
        case 414: WireError(.targetTooLong, "the address in the request is too long")
        case 431:
            WireError(
                .headTooLarge, "the headers of the request are too large", hint: "send fewer or shorter ones")
        case 501, 505:
            WireError(
                .versionUnknown, "this version of HTTP is not spoken here", hint: "speak HTTP/1.1")
        case 503: WireError(.stopping, "the server is stopping", hint: "send again in a moment")
        case 500: WireError(.cannotAnswer, "the server ended the request")
        default:
            hasHead
                ? WireError(
                    .malformedRequest,
                    "the body is not as its headers say: it ends early, or its chunks are malformed"
                )
                : WireError(
                    .malformedRequest, "this is not a request of HTTP/1.1, or a line of its head is malformed"
                )
        }
    }
}
