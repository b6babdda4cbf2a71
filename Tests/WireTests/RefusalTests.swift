import JSONText
import Testing

@testable import Wire

@Suite("What a client is told when the HTTP layer itself refuses")
struct RefusalTests {
    struct Case: CustomTestStringConvertible {
        var status: Int
        var code: String
        var text: String
        var testDescription: String { String(text.prefix(60)) }

        init(_ status: Int, _ code: String, _ text: String) {
            self.status = status
            self.code = code
            self.text = text
        }
    }

    static let cases: [Case] = [
        Case(400, "WIR-106", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nabc"),
        Case(
            413, "WIR-201",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        Case(
            400, "WIR-106",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        Case(
            400, "WIR-106",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        Case(501, "WIR-108", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
        Case(400, "WIR-106", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Case(400, "WIR-106", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nshort"),
        Case(400, "WIR-106", "GET /raw/x HTTP/1.1\r\n\r\n"),
        Case(400, "WIR-106", "GET /raw/x HTTP/1.1\r\nHost: a\r\nno colon here\r\n\r\n"),
        Case(400, "WIR-106", "GET /raw/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        Case(400, "WIR-106", "hello there\r\n\r\n"),
        Case(400, "WIR-106", "\u{0}\u{1}\u{2}\r\n\r\n"),
        Case(400, "WIR-106", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"),
        Case(400, "WIR-106", "GET /raw/x HTTP/1.1\r\nHos"),
        Case(505, "WIR-107", "GET /raw/x HTTP/9.9\r\nHost: a\r\n\r\n"),
        Case(
            414, "WIR-204", "GET /" + String(repeating: "a", count: 100_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case(
            431, "WIR-203",
            "GET /raw/x HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "b", count: 100_000) + "\r\n\r\n"),
    ]

    @Test(
        "each gets one answer, with an envelope and a request id, and the connection ends", arguments: cases)
    func refused(expected: Case) async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        // The server may end the connection while the client still sends.
        do { try await client.send(expected.text) } catch is ClientError {}
        client.shutdownWriting()
        let answer = try await client.receive()
        #expect(answer.status == expected.status)
        #expect(answer.headers["x-request-id"]?.count == 32)
        #expect(answer.headers["connection"]?.lowercased() == "close")
        let body = try JSONParser.parse(answer.body)
        #expect(body["success"]?.boolean == false)
        #expect(body["errors"]?.array?.first?["firn_code"]?.string == expected.code)
        #expect(try await client.isClosed())
        let good = try await RawClient(port: test.port)
        try await good.send("GET /raw/ok HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await good.receive().text == "/raw/ok")
        await test.server.stop()
    }

    @Test("a malformed request after a good one on the same connection is told too")
    func afterGood() async throws {
        let test = try TestServer()
        let client = try await RawClient(port: test.port)
        try await client.send("GET /raw/ok HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.receive().text == "/raw/ok")
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")
        #expect(try await client.receive().status == 400)
        #expect(try await client.isClosed())
        await test.server.stop()
    }

    @Test("a client that closes its side after a whole request gets a late answer")
    func halfClosedWaits() async throws {
        let test = try TestServer { $0.probeMilliseconds = 0 }
        let client = try await RawClient(port: test.port)
        try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        client.shutdownWriting()
        for await _ in test.started { break }
        // The go-ahead that asks whether the client is still there comes first.
        #expect(try await client.receive().status == 100)
        test.release.yield()
        #expect(try await client.receive().text == "slow")
        await test.server.stop()
    }

    @Test("a head that does not come in time is told so")
    func lateHead() async throws {
        let test = try TestServer { $0.headSeconds = 1 }
        let client = try await RawClient(port: test.port)
        try await client.send("GET /raw/1 HT")
        #expect(try await client.receive().status == 408)
        #expect(try await client.isClosed())
        await test.server.stop()
    }

    @Test("while a server drains, probes are answered and everything else gets 503")
    func drains() async throws {
        let test = try TestServer { $0.drainSeconds = 240 }
        let waiting = try await RawClient(port: test.port)
        try await waiting.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in test.started { break }
        test.server.startDraining()
        async let stopped: Void = test.server.stop()
        let probe = try await RawClient(port: test.port)
        try await probe.send("GET /raw/probe HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await probe.receive().status == 200)
        let other = try await RawClient(port: test.port)
        try await other.send("GET /raw/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        let refused = try await other.receive()
        #expect(refused.status == 503)
        #expect(refused.headers["retry-after"] == "1")
        test.release.yield()
        #expect(try await waiting.receive().text == "slow")
        await stopped
    }

    @Test("what still runs when the time for draining is nearly over is answered with the reason")
    func lastWords() async throws {
        // The cancelled handler may get no thread for seconds on a machine with much to do.
        let test = try TestServer {
            $0.drainSeconds = 4
            $0.lastWordsSeconds = 120
        }
        let client = try await RawClient(port: test.port)
        try await client.send("GET /work HTTP/1.1\r\nHost: a\r\n\r\n")
        for await _ in test.started { break }
        async let stopped: Void = test.server.stop()
        let answer = try await client.receive()
        #expect(answer.status == 503)
        #expect(answer.text.contains("SCH-302") && answer.text.contains("the server stops"), "\(answer.text)")
        await stopped
    }
}
