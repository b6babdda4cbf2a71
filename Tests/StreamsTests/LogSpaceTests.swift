import Effects
import Faults
import FileFormats
import JSONText
import Metastore
import Scheduling
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Streams

/// The operating system's files on a volume that is as full as a test says.
private final class CrampedFiles: LogFiles {
    private let live = LiveLogFiles()
    private struct State {
        var space = VolumeSpace(sizeBytes: 1_000_000, freeBytes: 1_000_000)
        /// What is removed is free at once.
        var givesBack = true
    }
    private let state = Mutex(State())

    func setFree(_ bytes: Int, givesBack: Bool = true) {
        state.withLock {
            $0.space.freeBytes = bytes
            $0.givesBack = givesBack
        }
    }

    func volume(of directory: String) -> VolumeSpace? { state.withLock { $0.space } }
    func createDirectory(_ path: String) throws(StreamsError) { try live.createDirectory(path) }
    func list(_ directory: String) throws(StreamsError) -> [String] { try live.list(directory) }
    func create(_ path: String) throws(StreamsError) -> any LogFile { try live.create(path) }
    func open(_ path: String) throws(StreamsError) -> (any LogFile)? { try live.open(path) }
    func remove(_ path: String) throws(StreamsError) {
        let bytes = try live.open(path)?.size() ?? 0
        try live.remove(path)
        state.withLock { if $0.givesBack { $0.space.freeBytes += bytes } }
    }
    func removeDirectory(_ path: String) throws(StreamsError) { try live.removeDirectory(path) }
    func syncDirectory(_ path: String) throws(StreamsError) { try live.syncDirectory(path) }
}

/// A disk with little room: landed records go first, then no events come, and what has landed makes room again.
@Suite struct LogSpaceTests {
    private static let pool = IOPool(name: "space", threads: 2)
    private let directory: TemporaryDirectory
    private let files = CrampedFiles()
    private let id = UniqueID(high: 1, low: 1)

    init() throws { directory = try TemporaryDirectory() }

    /// Without a writer thread: `runPending` does its work.
    private func open(_ change: (inout LogLimits) -> Void = { _ in }) throws -> StreamLog {
        var limits = LogLimits()
        limits.reserveBytes = 100_000
        change(&limits)
        return try StreamLog(
            opening: directory.path + "/log", streamID: id, limits: limits,
            environment: LogEnvironment(files: files, clock: ManualClock(), pool: Self.pool))
    }

    private func send(_ size: Int, to log: StreamLog) throws {
        let answer = Mutex<Result<LogReceipt, StreamsError>?>(nil)
        log.append(
            LogAppend(
                body: [UInt8](repeating: 0x20, count: size), eventCount: 1, framing: .lines,
                receivedAt: Instant(microseconds: 0))
        ) { result in answer.withLock { $0 = result } }
        log.runPending()
        _ = try #require(answer.withLock { $0 }).get()
    }

    private func refusal(of size: Int, by log: StreamLog) -> StreamsError? {
        #expect(throws: StreamsError.self) { try send(size, to: log) }
    }

    @Test(
        "the reserve is a tenth of a small volume, a fixed size of a large one, at most half when asked for",
        arguments: [
            (60 << 20, nil, 6 << 20), (1 << 40, nil, 256 << 20), (1 << 40, 1 << 30, 1 << 30),
            (60 << 20, 1 << 30, 30 << 20), (1 << 40, 0, nil),
        ] as [(Int, Int?, Int?)])
    func reserve(_ size: Int, _ asked: Int?, _ expected: Int?) {
        #expect(LogSpace(VolumeSpace(sizeBytes: size, freeBytes: 0), asked: asked)?.reserveBytes == expected)
    }

    @Test("segments of a small disk are a share of what is kept, of a large one as they are set")
    func segments() throws {
        let log = try open()
        for _ in 0..<6 { try send(30_000, to: log) }
        #expect(log.status.segmentCount == 2)
        files.setFree(1_000_000)
        let large = try open { $0.reserveBytes = 0 }
        for _ in 0..<6 { try send(30_000, to: large) }
        #expect(large.status.segmentCount == 2)
    }

    @Test("of the replay window goes what is missing, oldest first; nothing that has not landed goes")
    func windowGivesWay() throws {
        let log = try open { $0.segmentBytes = 20_000 }
        _ = try log.register(consumer: "a", landed: nil)
        for _ in 0..<10 { try send(20_000, to: log) }
        try log.advance(consumer: "a", to: LogOffset(record: 8))
        log.runPending()
        #expect(log.status.oldest == LogOffset(record: 0))
        // Twice the reserve should be free: 30,000 bytes are missing.
        files.setFree(170_000)
        log.runPending()
        #expect(log.status.oldest == LogOffset(record: 2))
        files.setFree(200_000)
        log.runPending()
        #expect(log.status.oldest == LogOffset(record: 2))
        files.setFree(0)
        log.runPending()
        #expect(log.status.oldest == LogOffset(record: 8))
    }

    @Test("below the reserve events are refused with a time, whoever landed makes room for the next")
    func refused() throws {
        let log = try open { $0.segmentBytes = 20_000 }
        _ = try log.register(consumer: "a", landed: nil)
        try send(20_000, to: log)
        files.setFree(110_000)
        log.runPending()
        try send(5000, to: log)
        let error = try #require(refusal(of: 20_000, by: log))
        #expect(error.code == .noSpace && error.retryAfterSeconds == 5)
        #expect(log.lacksRoom)
        files.setFree(130_000)
        log.runPending()
        try send(20_000, to: log)
        #expect(!log.lacksRoom)
    }

    @Test("a request that finds no room takes the whole window, whatever is measured")
    func largeRequest() throws {
        let log = try open { $0.segmentBytes = 20_000 }
        _ = try log.register(consumer: "a", landed: nil)
        for _ in 0..<4 { try send(20_000, to: log) }
        try log.advance(consumer: "a", to: LogOffset(record: 4))
        files.setFree(300_000)
        log.runPending()
        #expect(refusal(of: 250_000, by: log)?.code == .noSpace)
        #expect(log.status.oldest == LogOffset(record: 3))
    }

    @Test("the segment that is written to goes too when all of it has landed, and the log opens and goes on")
    func sealed() async throws {
        let log = try open { $0.segmentBytes = 1 << 20 }
        _ = try log.register(consumer: "a", landed: nil)
        for _ in 0..<4 { try send(20_000, to: log) }
        files.setFree(0)
        log.runPending()
        #expect(log.status.segmentCount == 1 && log.status.byteCount > 80_000)
        try log.advance(consumer: "a", to: LogOffset(record: 4))
        log.runPending()
        #expect(log.status.byteCount == SegmentHeader.byteCount)
        #expect(
            try files.list(log.directory).filter { $0.hasSuffix(".log") || $0.contains("0004") }.count == 1)
        files.setFree(1_000_000)
        let again = try open()
        #expect(again.status.end == LogOffset(record: 4) && again.status.acceptedEvents == 4)
        try send(10, to: again)
        #expect(again.status.end == LogOffset(record: 5))
        #expect(try again.readBlocking(from: LogOffset(record: 4), maxBytes: 100).records.count == 1)
    }

    @Test("readers land in steps while room is scarce, and are woken when it begins and ends")
    func readers() throws {
        let log = try open()
        let rings = Mutex(0)
        log.listen(consumer: "a") { rings.withLock { $0 += 1 } }
        #expect(log.landingBytes == LogLimits().backlogBytes / 2)
        files.setFree(190_000)
        log.runPending()
        #expect(log.landingBytes == 65_536 && rings.withLock { $0 } == 1)
        log.runPending()
        #expect(rings.withLock { $0 } == 1)
        files.setFree(900_000)
        log.runPending()
        #expect(log.landingBytes == LogLimits().backlogBytes / 2 && rings.withLock { $0 } == 2)
    }

    @Test("the registry looks at the disk by itself, shows it, and has its logs make room")
    func registry() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let environment = LogEnvironment(files: files, clock: ManualClock(), pool: Self.pool)
        var limits = LogLimits()
        limits.segmentBytes = 20_000
        let registry = try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore, limits: limits,
            environment: environment)
        let stream = try await registry.create(["name": "s"])
        let log = try registry.stream("s").log.get()
        _ = try log.register(consumer: "a", landed: nil)
        let append = LogAppend(
            body: [UInt8](repeating: 0x20, count: 20_000), eventCount: 1, framing: .lines,
            receivedAt: Instant(microseconds: 0))
        for _ in 0..<3 { _ = try await registry.append(append, to: stream.id) }
        try log.advance(consumer: "a", to: LogOffset(record: 3))
        #expect(!registry.refusesEvents)
        files.setFree(50_000, givesBack: false)
        await registry.measureSpace()
        #expect(registry.refusesEvents)
        let metrics = environment.metrics
        #expect(metrics.gauge("firn_stream_disk_free_bytes", help: "").current == 50_000)
        #expect(metrics.gauge("firn_stream_disk_reserve_bytes", help: "").current == 100_000)
        #expect(try await eventually { log.status.oldest == LogOffset(record: 2) })
        // Room for smaller requests, and none for the last one.
        files.setFree(110_000, givesBack: false)
        await registry.measureSpace()
        #expect(!registry.refusesEvents)
        await #expect { _ = try await registry.append(append, to: stream.id) } throws: {
            ($0 as? StreamsError)?.code == .noSpace
        }
        #expect(registry.refusesEvents)
        await registry.close()
    }
}
