import Effects
import Glibc
import Scheduling
import Synchronization
import Telemetry
import TestKit
import Wire

/// A server with the routes that the tests of the HTTP layer need, on a free loopback port.
final class TestServer: Sendable {
    let server: HTTPServer
    let port: Int
    /// Reasons with which requests were cancelled.
    let cancelled: AsyncStream<String>
    let started: AsyncStream<Void>
    /// Lets one `/slow` answer.
    let release: AsyncStream<Void>.Continuation
    let metrics = MetricsRegistry()

    init(_ change: (inout HTTPLimits) -> Void = { _ in }) throws {
        var limits = HTTPLimits()
        limits.drainSeconds = 1
        limits.probeMilliseconds = 20_000
        limits.discardedBytes = 1 << 20
        limits.bodyQueueBytes = 64 << 10
        limits.answerQueueBytes = 64 << 10
        change(&limits)
        let (cancelled, cancelledInput) = AsyncStream<String>.makeStream()
        let (started, startedInput) = AsyncStream<Void>.makeStream()
        self.cancelled = cancelled
        self.started = started
        let (released, release) = AsyncStream<Void>.makeStream()
        self.release = release
        var router = Self.router(started: startedInput, cancelled: cancelledInput)
        router.add("GET", "/slow") { _ in
            startedInput.yield()
            for await _ in released { break }
            return .text("slow")
        }
        server = HTTPServer(
            name: "test", address: "127.0.0.1", port: 0, limits: limits,
            effects: ServerEffects(log: .silent, metrics: metrics),
            hooks: ServerHooks(refuse: router.refuse, isProbe: { $0.path == "/raw/probe" }),
            handler: router.answer)
        port = try server.start()
    }

    private static func router(
        started: AsyncStream<Void>.Continuation, cancelled: AsyncStream<String>.Continuation
    ) -> Router {
        var router = Router(log: .silent)
        router.add("GET", "/raw/{rest...}") { .text($0.rawTarget) }
        router.add("POST", "/echo", bodyLimitBytes: 100_000) { request in
            Response(status: 200, body: .bytes(try await request.body.collect(limit: 100_000)))
        }
        router.add("PUT", "/sum", bodyLimitBytes: nil) { request in
            var sum: UInt64 = 0
            var count = 0
            while let piece = try await request.body.next() {
                count += piece.count
                for byte in piece { sum &+= UInt64(byte) }
            }
            return .text("\(count) \(sum)")
        }
        router.add("GET", "/stream/{blocks}") { request in
            let blocks = Int(try request.parameter("blocks")) ?? 0
            return Response(
                status: 200,
                body: .stream(length: nil) { writer in
                    for index in 0..<blocks {
                        try await writer.write(
                            [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: 10_000))
                    }
                })
        }
        router.add("GET", "/deadline") { request in
            let clock = LiveClock()
            request.cancellation.giveUp(
                atNanoseconds: clock.monotonicNanoseconds + 200_000_000, on: clock)
            return Response(
                status: 200,
                body: .stream(length: nil) { writer in
                    do {
                        while true { try await writer.write([UInt8](repeating: 7, count: 100_000)) }
                    } catch let error as SchedulingError {
                        cancelled.yield(error.code.rawValue)
                        throw error
                    }
                })
        }
        router.add("GET", "/broken") { _ in
            Response(
                status: 200,
                body: .stream(length: nil) { writer in
                    try await writer.write(Array("begun\n".utf8))
                    throw CancellationError()
                })
        }
        router.add("GET", "/work") { request in
            started.yield()
            await withCheckedContinuation { continuation in
                _ = request.cancellation.onCancel { continuation.resume() }
            }
            try request.cancellation.check()
            return .text("late")
        }
        router.add("GET", "/file") { _ in try file() }
        router.add("GET", "/wait") { request in
            started.yield()
            await withCheckedContinuation { continuation in
                _ = request.cancellation.onCancel { continuation.resume() }
            }
            do throws(SchedulingError) { try request.cancellation.check() } catch {
                cancelled.yield(error.summary)
            }
            return .text("late")
        }
        return router
    }

    /// Bytes 3..<8 of a file of ten digits.
    private static func file() throws -> Response {
        let directory = try TemporaryDirectory()
        let fd = unsafe open(directory.path + "/digits", O_RDWR | O_CREAT, 0o600)
        let digits = Array("0123456789".utf8)
        // SAFETY: the pointer is used inside the call only.
        guard fd >= 0, unsafe write(fd, digits, 10) == 10 else {
            throw WireError(.invalidRequest, "no temporary file")
        }
        return Response(status: 206, body: .file(OwnedDescriptor(fd), offset: 3, length: 5))
    }
}
