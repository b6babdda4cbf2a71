import Synchronization
import Testing

@testable import HTTPClient

@Suite("HTTPBodyStream")
struct HTTPBodyStreamTests {
    /// What one call of curl's takes.
    private func take(_ stream: HTTPBodyStream, _ capacity: Int) -> (HTTPBodyStream.Taken, [UInt8]) {
        var bytes: [UInt8] = []
        let taken = stream.take(atMost: capacity) { bytes += $0 }
        return (taken, bytes)
    }

    private func isLater(_ taken: HTTPBodyStream.Taken) -> Bool {
        if case .later = taken { true } else { false }
    }

    private func isBroken(_ taken: HTTPBodyStream.Taken) -> Bool {
        if case .broken = taken { true } else { false }
    }

    @Test("bytes go out in order, in pieces as large as there is room for, and then end")
    func order() async throws {
        let stream = HTTPBodyStream(length: 5)
        try await stream.write([1, 2, 3])
        try await stream.write([])
        try await stream.write([4, 5])
        #expect(take(stream, 2).1 == [1, 2])
        #expect(take(stream, 9).1 == [3])
        #expect(take(stream, 9).1 == [4, 5])
        #expect(isLater(take(stream, 9).0))
        stream.end()
        guard case .taken(0) = take(stream, 9).0 else { return #expect(Bool(false), "no end") }
    }

    @Test("a transfer that waited for bytes goes on when they come")
    func resume() async throws {
        let stream = HTTPBodyStream(length: 1)
        let resumed = Mutex(0)
        stream.attach { resumed.withLock { $0 += 1 } }
        try await stream.write([1])
        #expect(resumed.withLock { $0 } == 0)
        _ = take(stream, 9)
        _ = take(stream, 9)
        try await stream.write([1])
        #expect(resumed.withLock { $0 } == 1)
    }

    @Test("a writer waits while too much is not taken")
    func backPressure() async throws {
        let stream = HTTPBodyStream(length: 3 << 20)
        let written = Mutex(0)
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        let writer = Task {
            for _ in 0..<3 {
                try await stream.write(piece)
                written.withLock { $0 += 1 }
            }
            stream.end()
        }
        var count = 0
        while count < piece.count * 3 {
            let bytes = take(stream, 400_000).1
            count += bytes.count
            #expect(written.withLock { $0 } <= count / piece.count + 1)
            if bytes.isEmpty { await Task.yield() }
        }
        try await writer.value
    }

    @Test("a body that fails breaks the transfer, and a transfer that ends stops the writer")
    func failures() async throws {
        let failing = HTTPBodyStream(length: 2)
        try await failing.write([1])
        failing.fail()
        #expect(isBroken(take(failing, 9).0))
        let closed = HTTPBodyStream(length: 2)
        closed.close()
        let error = await #expect(throws: HTTPClientError.self) { try await closed.write([1]) }
        #expect(error?.code == .interrupted)
    }
}
