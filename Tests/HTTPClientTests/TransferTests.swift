import Synchronization
import Testing

@testable import HTTPClient

@Suite("HTTPClient")
struct TransferTests {
    private func transfer() -> Transfer {
        Transfer(HTTPClientRequest(method: "GET", url: "http://127.0.0.1/")) { _, _ in }
    }

    private func readFirst(_ transfer: Transfer) async throws {
        let response = try await transfer.head()
        #expect(try await response.next() == [1])
    }

    @Test("the head of an answer is the last one, without those of interim answers")
    func heads() async throws {
        let transfer = transfer()
        for line in ["HTTP/1.1 100 Continue", "", "HTTP/1.1 429 Too Many", "Retry-After:  7", "x-a: b:c", ""]
        {
            transfer.receivedHeader(line)
        }
        let response = try await transfer.head()
        #expect(
            response.status == 429 && response.header("retry-after") == "7" && response.header("X-A") == "b:c"
        )
    }

    @Test("a body comes in order, and curl is paused while its reader is behind")
    func bodies() async throws {
        let transfer = transfer()
        for line in ["HTTP/1.1 200 OK", ""] { transfer.receivedHeader(line) }
        let piece = [UInt8](repeating: 1, count: Transfer.waitingLimit)
        #expect(transfer.received(count: piece.count) { piece })
        #expect(!transfer.received(count: 1) { [2] })
        let response = try await transfer.head()
        #expect(try await response.next() == piece)
        #expect(transfer.received(count: 1) { [2] })
        transfer.finished(.success(()))
        #expect(try await response.next() == [2])
        #expect(try await response.next() == nil)
    }

    @Test("a body that was looked at is read again")
    func peek() async throws {
        let transfer = transfer()
        for line in ["HTTP/1.1 403 Forbidden", ""] { transfer.receivedHeader(line) }
        for piece: [UInt8] in [[1, 2], [3]] { _ = transfer.received(count: piece.count) { piece } }
        transfer.finished(.success(()))
        let response = try await transfer.head()
        #expect(try await response.peek(limit: 1) == [1, 2])
        #expect(try await response.peek(limit: 9) == [1, 2, 3])
        #expect(try await response.collect() == [1, 2, 3])
    }

    @Test("an answer longer than its reader takes is an error")
    func limit() async throws {
        let transfer = transfer()
        for line in ["HTTP/1.1 200 OK", ""] { transfer.receivedHeader(line) }
        _ = transfer.received(count: 3) { [1, 2, 3] }
        transfer.finished(.success(()))
        let response = try await transfer.head()
        let error = await #expect(throws: HTTPClientError.self) { try await response.collect(limit: 2) }
        #expect(error?.code == .answerTooLarge)
    }

    @Test("an answer that is given up before its end cancels its transfer, and one that was read does not")
    func abandoned() async throws {
        for isRead in [false, true] {
            let commands = Mutex<[CurlThread.Command]>([])
            let transfer = Transfer(HTTPClientRequest(method: "GET", url: "http://127.0.0.1/")) {
                _, command in
                commands.withLock { $0.append(command) }
            }
            for line in ["HTTP/1.1 200 OK", ""] { transfer.receivedHeader(line) }
            _ = transfer.received(count: 1) { [1] }
            if isRead { transfer.finished(.success(())) }
            try await readFirst(transfer)
            #expect(commands.withLock { $0 } == (isRead ? [] : [.cancel]))
        }
    }

    @Test("a failure before the head, and one after it, both reach the caller")
    func failures() async throws {
        let early = transfer()
        early.finished(.failure(HTTPClientError(.notConnected, "nobody listens")))
        let error = await #expect(throws: HTTPClientError.self) { try await early.head() }
        #expect(error?.code == .notConnected)
        let late = transfer()
        for line in ["HTTP/1.1 200 OK", ""] { late.receivedHeader(line) }
        late.finished(.failure(HTTPClientError(.interrupted, "the connection broke")))
        let response = try await late.head()
        await #expect(throws: HTTPClientError.self) { try await response.collect() }
    }

    @Test("a header without value is sent, and one that is left out is not")
    func headerLines() {
        var request = HTTPClientRequest(method: "PUT", url: "http://127.0.0.1/")
        request.headers = [("x-a", "1"), ("x-amz-meta-empty", ""), ("Content-Type", " ")]
        request.omittedHeaders = ["expect", "content-type"]
        #expect(request.headerLines == ["x-a: 1", "x-amz-meta-empty;", "Content-Type;", "expect:"])
    }

    @Test("an address that is none fails without a connection")
    func badURL() async throws {
        let client = HTTPClient()
        for url in ["ftp://127.0.0.1/", "http://", "nonsense://x"] {
            let error = await #expect(throws: HTTPClientError.self, "\(url)") {
                try await client.send(HTTPClientRequest(method: "GET", url: url))
            }
            #expect(error?.code == .invalidURL, "\(url)")
        }
    }
}
