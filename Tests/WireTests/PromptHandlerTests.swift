import Telemetry
import Testing
import Wire

/// Handlers that start on the server's thread once the body is there.
@Suite("Prompt handlers")
struct PromptHandlerTests {
    private func server(_ change: (inout HTTPLimits) -> Void = { _ in }) throws -> TestServer {
        try TestServer { limits in
            limits.promptBodyBytes = 1000
            change(&limits)
        }
    }

    @Test("answers come in order on one connection, whether or not their handlers wait")
    func pipelines() async throws {
        let test = try server()
        let client = try await RawClient(port: test.port)
        let large = String(repeating: "y", count: 5000)
        for _ in 0..<3 {
            try await client.send(
                "GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                    + "GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /file HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /stream/3 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /raw/x HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n\(large)"
                    + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
            )
            #expect(try await client.receive().text == "/raw/1")
            #expect(try await client.receive().text == "abc")
            test.release.yield()
            #expect(try await client.receive().text == "slow")
            #expect(try await client.receive().text == "34567")
            #expect(try await client.receive().body.count == 30_000)
            #expect(try await client.receive(hasBody: false).status == 200)
            #expect(try await client.receive().text == large)
            #expect(try await client.receive().text == "ok")
        }
        await test.server.stop()
        #expect(test.metrics.exposition.contains("firn_http_in_flight{server=\"test\"} 0"))
    }

    @Test("a body that comes byte by byte, and one whose client waits to be told")
    func slowBodies() async throws {
        let test = try server()
        let client = try await RawClient(port: test.port)
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n")
        for piece in ["a", "b", "c", "d"] { try await client.send(piece) }
        #expect(try await client.receive().text == "abcd")
        try await client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.receive().status == 100)
        try await client.send("ok")
        #expect(try await client.receive().text == "ok")
        await test.server.stop()
    }

    @Test("a handler that is woken for much at a time gets every byte, also of a body that drips")
    func batches() async throws {
        let test = try server { $0.bodyBatchBytes = 30_000 }
        let client = try await RawClient(port: test.port)
        for size in [1001, 29_999, 30_000, 30_001, 1_000_000] {
            try await client.send("PUT /sum HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            try await client.send([UInt8](repeating: 1, count: size / 2))
            try await client.send([UInt8](repeating: 1, count: size - size / 2))
            #expect(try await client.receive().text == "\(size) \(size)")
        }
        try await client.send("PUT /sum HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n")
        for _ in 0..<50 { try await client.send([UInt8](repeating: 2, count: 100)) }
        #expect(try await client.receive().text == "5000 10000")
        await test.server.stop()
    }

    @Test("a client that leaves before its body is complete starts no handler and leaves nothing")
    func incomplete() async throws {
        let test = try server()
        for _ in 0..<20 {
            let client = try await RawClient(port: test.port)
            try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
            client.shutdownWriting()
            #expect(try await client.receive().status == 400)
            #expect(try await client.isClosed())
        }
        await test.server.stop()
        #expect(test.metrics.exposition.contains("firn_http_in_flight{server=\"test\"} 0"))
        // Only the library's refusals were counted: no handler answered.
        #expect(!test.metrics.exposition.contains("route=\"/echo\""))
    }

    @Test("a client that leaves while its handler waits cancels it")
    func disconnects() async throws {
        let test = try server { $0.probeMilliseconds = 0 }
        var client: RawClient? = try await RawClient(port: test.port)
        try await client?.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in test.started { break }
        client = nil
        for await reason in test.cancelled {
            #expect(reason == "the client closed the connection")
            break
        }
        await test.server.stop()
    }
}
