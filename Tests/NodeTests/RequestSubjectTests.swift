import Telemetry
import Testing
import Wire

@testable import Node

/// Which requests another node may have to answer.
@Suite("Request subject")
struct RequestSubjectTests {
    private static func subject(_ method: String, _ target: String, host: String? = nil) -> RequestSubject? {
        var headers = HTTPHeaders()
        headers["host"] = host
        return RequestSubject(
            Request(id: RequestID("r"), method: method, target: RequestTarget(target), headers: headers))
    }

    private static let account = "/client/v4/accounts/local/"

    @Test("events are about the stream that the path or the host names")
    func events() {
        #expect(Self.subject("POST", "/ingest/clicks") == .stream("clicks"))
        #expect(Self.subject("OPTIONS", "/ingest/cl%69cks") == .stream("clicks"))
        #expect(Self.subject("POST", "/", host: "clicks.ingest.example.com") == .stream("clicks"))
        #expect(Self.subject("POST", "/", host: "example.com") == nil)
        #expect(Self.subject("GET", "/") == nil)
        #expect(Self.subject("GET", "/ingest/clicks") == nil)
    }

    @Test(
        "management is about a stream, a pipeline or SQL",
        arguments: [
            ("GET", "pipelines/v1/streams/clicks", RequestSubject?.some(.stream("clicks"))),
            ("PATCH", "pipelines/v1/streams/clicks", .stream("clicks")),
            ("POST", "firn/streams/clicks/flush", .stream("clicks")),
            ("GET", "pipelines/v1/streams?name=clicks", nil), ("POST", "pipelines/v1/streams", nil),
            ("GET", "pipelines/v1/pipelines/p", .pipeline("p")),
            ("DELETE", "pipelines/v1/pipelines/p", .pipeline("p")),
            ("GET", "firn/pipelines/p/stats", .pipeline("p")), ("PATCH", "firn/pipelines/p", .pipeline("p")),
            ("POST", "firn/pipelines/p/pause", .pipeline("p")), ("GET", "pipelines/v1/pipelines", nil),
            ("POST", "pipelines/v1/pipelines", .sql), ("POST", "pipelines/v1/validate_sql", .sql),
            ("POST", "firn/pipelines/dry-run", .sql), ("GET", "pipelines/v1/sinks/s", nil),
            ("POST", "pipelines/v1/sinks", nil), ("GET", "firn/tokens/t", nil), ("GET", "r2/buckets/b", nil),
            ("GET", "firn", nil), ("GET", "pipelines", nil), ("GET", "firn/streams", nil),
            ("PUT", "pipelines/my-clicks", .pipeline("my_clicks")), ("POST", "pipelines", nil),
        ])
    func management(method: String, path: String, expected: RequestSubject?) {
        #expect(Self.subject(method, Self.account + path) == expected)
    }
}
