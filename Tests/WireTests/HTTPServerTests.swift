import Faults
import Telemetry
import TestKit
import Testing
import Wire

@Suite("HTTP server on loopback")
struct HTTPServerTests {
    @Test("requests that come in one packet are answered in order on one connection")
    func pipelines() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send(
            "GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "GET /raw/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive().text == "/raw/1")
        #expect(try await client.receive().text == "abc")
        let last = try await client.receive()
        #expect(last.text == "/raw/2")
        #expect(last.headers["x-request-id"]?.count == 32)
        await test.server.stop()
        #expect(try await client.isClosed())
    }

    @Test("the target stays as raw as it came")
    func rawTarget() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        let target = "/raw/a%2Fb%1Fc//%zz+?q=%20&r=a%26b&&s"
        try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive().text == target)
        await test.server.stop()
    }

    @Test("a chunked body arrives whole, and a request after it too")
    func chunked() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        try await client.send("6;x=y\r\n world\r\n0\r\n\r\nGET /raw/z HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive().text == "hello world")
        #expect(try await client.receive().text == "/raw/z")
        await test.server.stop()
    }

    @Test("Expect: 100-continue gets its go-ahead")
    func expectContinue() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.receive().status == 100)
        try await client.send("ok")
        #expect(try await client.receive().text == "ok")
        await test.server.stop()
    }

    @Test("too large a body is 413, declared or not, small enough to discard or not")
    func tooLarge() async throws {
        let test = try TestServer()
        let declared = try await RawClient(port: test.port)
        try await declared.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n")
        try await declared.send([UInt8](repeating: 0x61, count: 100_001))
        #expect(try await declared.receive().status == 413)
        try await declared.send("GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await declared.receive().text == "/raw/1")

        let chunked = try await RawClient(port: test.port)
        try await chunked.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30D40\r\n")
        try await chunked.send([UInt8](repeating: 0x61, count: 200_000))
        try await chunked.send("\r\n0\r\n\r\n")
        #expect(try await chunked.receive().status == 413)

        let huge = try await RawClient(port: test.port)
        try await huge.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
        #expect(try await huge.receive().status == 413)

        let endless = try await RawClient(port: test.port)
        try await endless.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n")
        await #expect(throws: ClientError.self) {
            for _ in 0..<1000 { try await endless.send([UInt8](repeating: 0x61, count: 100_000)) }
        }
        await test.server.stop()
    }

    @Test("a body far larger than its queue streams through, and so does an answer")
    func streams() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        let count = 20_000_000
        try await client.send("PUT /sum HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
        try await client.send([UInt8](repeating: 2, count: count))
        #expect(try await client.receive().text == "\(count) \(2 * count)")
        try await client.send("GET /stream/500 HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.receive()
        #expect(answer.body.count == 5_000_000)
        #expect(answer.body[4_999_999] == UInt8(truncatingIfNeeded: 499))
        await test.server.stop()
    }

    @Test("a streamed answer that fails ends without its last chunk")
    func brokenStream() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        await #expect(throws: ClientError.self) { try await client.receive() }
        await test.server.stop()
    }

    @Test("a deadline ends an answer whose client does not read, and then its connection")
    func deadlineOfUnread() async throws {
        let test = try TestServer { $0.failedSeconds = 0 }
        let client = try await RawClient(port: test.port)
        try await client.send("GET /deadline HTTP/1.1\r\nHost: a\r\n\r\n")
        for await reason in test.cancelled {
            #expect(reason == "SCH-102")
            break
        }
        await #expect(throws: ClientError.self) { try await client.receive() }
        await test.server.stop()
    }

    @Test("a range of a file is sent, and HEAD has the length without the bytes")
    func fileRange() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try await client.receive()
        #expect(answer.status == 206)
        #expect(answer.text == "34567")
        try await client.send(
            "HEAD /file HTTP/1.1\r\nHost: a\r\n\r\nHEAD /stream/5 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive(hasBody: false).headers["content-length"] == "5")
        #expect(try await client.receive(hasBody: false).status == 200)
        try await client.send("GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive().text == "/raw/1")
        await test.server.stop()
    }

    @Test("a client that leaves cancels its request")
    func disconnects() async throws {
        let test = try TestServer { $0.probeMilliseconds = 0 }
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

    @Test("a stop cancels what runs too long, and its connections end")
    func stops() async throws {
        // The answer of whoever is cancelled may take long on a machine with much to do.
        let test = try TestServer {
            $0.drainSeconds = 1
            $0.lastWordsSeconds = 120
        }
        let client = try await RawClient(port: test.port)
        try await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in test.started { break }
        await test.server.stop()
        for await reason in test.cancelled {
            #expect(reason == "the server stops and the request did not end in time")
            break
        }
        #expect(try await client.receive().text == "late")
        #expect(try await client.isClosed())
        await #expect(throws: ClientError.self) { try await RawClient(port: test.port) }
    }

    @Test(
        "malformed requests do not hurt the server",
        arguments: [
            "\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET /raw/x HTTP/1.1\r\nno colon here\r\n\r\n", "GET " + String(repeating: "a", count: 100_000),
            "GET /raw/x HTTP/1.1\r\nA: " + String(repeating: "b", count: 100_000) + "\r\n\r\n",
        ])
    func malformed(text: String) async throws {
        let test = try TestServer()
        let bad = try await RawClient(port: test.port)
        // The server may cut the connection while the client still sends.
        do { try await bad.send(text) } catch is ClientError {}
        bad.shutdownWriting()
        let good = try await RawClient(port: test.port)
        try await good.send("GET /raw/ok HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await good.receive().text == "/raw/ok")
        await test.server.stop()
    }

    @Test("many connections at once each get their own answer")
    func parallel() async throws {
        let test = try TestServer()
        var clients: [RawClient] = []
        for _ in 0..<200 { clients.append(try await RawClient(port: test.port)) }
        for round in 0..<3 {
            for (index, client) in clients.enumerated() {
                try await client.send("GET /raw/\(round)-\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            for (index, client) in clients.enumerated() {
                #expect(try await client.receive().text == "/raw/\(round)-\(index)")
            }
        }
        await test.server.stop()
        #expect(test.metrics.exposition.contains("status=\"200\"} 600"))
        #expect(test.metrics.exposition.contains("firn_http_in_flight{server=\"test\"} 0"))
    }

    @Test("a port in use is told with a hint")
    func portInUse() async throws {
        let test = try TestServer()
        let second = HTTPServer(name: "second", address: "127.0.0.1", port: test.port) { _ in .text("") }
        do {
            _ = try second.start()
            Issue.record("the second server started")
        } catch {
            #expect(error.code == .cannotListen)
            #expect(error.message.contains("the port is in use"))
        }
        await test.server.stop()
    }

    @Test("only loopback addresses count as loopback")
    func loopback() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] {
            #expect(HTTPServer.isLoopback(address))
        }
        for address in ["0.0.0.0", "::", "10.0.0.1", "example.org"] {
            #expect(!HTTPServer.isLoopback(address))
        }
    }

    @Test("a chunked body streams through a full queue too")
    func chunkedStreams() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send("PUT /sum HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<50 {
            try await client.send("30D40\r\n")
            try await client.send([UInt8](repeating: 1, count: 200_000) + Array("\r\n".utf8))
        }
        try await client.send("0\r\n\r\n")
        #expect(try await client.receive().text == "10000000 10000000")
        await test.server.stop()
    }

    @Test("one client gets no more connections than its share")
    func connectionLimit() async throws {
        let test = try TestServer { $0.connectionsPerClient = 4 }
        var clients: [RawClient] = []
        for _ in 0..<4 {
            let client = try await RawClient(port: test.port)
            try await client.send("GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive().status == 200)
            clients.append(client)
        }
        let refused = try await RawClient(port: test.port)
        #expect(try await refused.isClosed())
        await test.server.stop()
    }

    @Test("a client that sends its request and closes its side still gets the answer")
    func halfClosed() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        client.shutdownWriting()
        #expect(try await client.receive().text == "ok")
        #expect(try await client.isClosed())
        await test.server.stop()
    }

    @Test("clients that leave in the middle of a body or between requests hold no connection")
    func leavesNothing() async throws {
        let test = try TestServer()
        for index in 0..<40 {
            let client = try await RawClient(port: test.port)
            let isPartial = index.isMultiple(of: 2)
            try await client.send(
                isPartial
                    ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"
                    : "GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            client.shutdownWriting()
            #expect(try await client.receive().status == (isPartial ? 400 : 200))
            #expect(try await client.isClosed())
        }
        await test.server.stop()
    }

    @Test("a client that waits for the go-ahead is refused before it sends too large a body")
    func refusesExpected() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n")
        #expect(try await client.receive().status == 413)
        await test.server.stop()
    }

    @Test("all collected bodies together have a bound, given back when requests end")
    func bodyBudget() async throws {
        let test = try TestServer { $0.collectedBytes = 150_000 }
        let first = try await RawClient(port: test.port)
        try await first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        // Memory is taken when a request's handler runs, and given back after its answer, when both sides are done.
        #expect(try await eventually { test.takes(100_000) })
        let second = try await RawClient(port: test.port)
        try await second.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
        try await second.send([UInt8](repeating: 0x61, count: 60_000))
        #expect(try await second.receive().status == 429)
        try await first.send([UInt8](repeating: 0x61, count: 100_000))
        #expect(try await first.receive().body.count == 100_000)
        #expect(try await eventually { test.takes(0) })
        try await first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
        try await first.send([UInt8](repeating: 0x61, count: 100_000))
        #expect(try await first.receive().status == 200)
        await test.server.stop()
        #expect(test.metrics.exposition.contains("firn_http_body_bytes{server=\"test\"} 0"))
    }
}

extension TestServer {
    /// Whether all collected bodies together take `bytes`.
    fileprivate func takes(_ bytes: Int) -> Bool {
        metrics.exposition.contains("firn_http_body_bytes{server=\"test\"} \(bytes)\n")
    }
}
