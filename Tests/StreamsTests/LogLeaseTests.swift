import Effects
import FileFormats
import Metastore
import Scheduling
import StreamsKit
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Streams

/// A log whose node's lease may be over: it adds, answers and trims nothing.
@Suite struct LogLeaseTests {
    private static let pool = IOPool(name: "lease", threads: 1)
    private static let second: Int64 = 1_000_000
    private let disk = SimulatedDisk()
    private let clock = ManualClock()
    private let lease: OwnerLease
    private let answers = Answers()

    private final class Answers: Sendable {
        let list = Mutex<[Result<LogReceipt, StreamsError>]>([])
    }

    /// Something that happens at each sync, while there is something.
    private final class Event: Sendable {
        let action = Mutex<(@Sendable () -> Void)?>(nil)
        func happen() { action.withLock { $0 }?() }
        func set(_ new: (@Sendable () -> Void)?) { action.withLock { $0 = new } }
    }

    init() {
        lease = OwnerLease(clock: clock, trustedUntil: clock.bootNanoseconds + 9_000_000_000)
    }

    private func open(_ files: (any LogFiles)? = nil) throws -> StreamLog {
        var limits = LogLimits()
        limits.segmentBytes = 200
        limits.replayWindowBytes = 0
        var environment = LogEnvironment(files: files ?? disk, clock: clock, pool: Self.pool)
        environment.lease = lease
        return try StreamLog(
            opening: "log", streamID: UniqueID(high: 1, low: 1), limits: limits, environment: environment)
    }

    private func send(_ body: String, mark: RequestMark? = nil, to log: StreamLog) {
        log.append(
            LogAppend(
                body: Array(body.utf8), eventCount: 1, framing: .array, receivedAt: clock.now, mark: mark)
        ) { [answers] answer in answers.list.withLock { $0.append(answer) } }
    }

    private var last: Result<LogReceipt, StreamsError>? { answers.list.withLock { $0.last } }
    private var lastCode: StreamsError.Code? {
        if case .failure(let error) = last { error.code } else { nil }
    }

    @Test func takesRequestsOnlyUnderTheLease() throws {
        let log = try open()
        let key = RequestMark.key(UniqueID(high: 2, low: 2))
        send("[1]", mark: key, to: log)
        log.runPending()
        #expect(try last?.get().offset == .start)
        clock.advance(microseconds: 10 * Self.second)
        let bytes = disk.contents(try #require(disk.paths.first))
        // Neither a new one nor one that is known: another process may have the log.
        send("[2]", to: log)
        #expect(lastCode == .notOwned)
        send("[1]", mark: key, to: log)
        #expect(lastCode == .notOwned)
        log.runPending()
        #expect(disk.contents(try #require(disk.paths.first)) == bytes)
        // Renewed in time for nobody to have come.
        lease.renew(trustedUntil: clock.bootNanoseconds + 9_000_000_000)
        send("[1]", mark: key, to: log)
        #expect(try last?.get().isRepeat == true)
        send("[2]", to: log)
        log.runPending()
        #expect(try last?.get().offset.record == 1)
        lease.lose()
        lease.renew(trustedUntil: .max)
        send("[3]", to: log)
        #expect(lastCode == .notOwned)
    }

    @Test func whatWaitsWhenTheLeaseEndsIsNotWritten() throws {
        let log = try open()
        send("[1]", to: log)
        clock.advance(microseconds: 10 * Self.second)
        log.runPending()
        #expect(lastCode == .notOwned)
        #expect(log.status.end == .start)
        lease.renew(trustedUntil: .max)
        send("[2]", to: log)
        log.runPending()
        #expect(try last?.get().offset == .start)
    }

    /// The process stands still while it waits for the disk.
    private final class SlowDisk: LogFiles {
        let disk: SimulatedDisk
        let atSync: @Sendable () -> Void
        init(_ disk: SimulatedDisk, atSync: @escaping @Sendable () -> Void) {
            self.disk = disk
            self.atSync = atSync
        }
        struct File: LogFile {
            let inner: any LogFile
            let atSync: @Sendable () -> Void
            func size() throws(StreamsError) -> Int { try inner.size() }
            func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8] {
                try inner.read(at: position, count: count)
            }
            func write(_ bytes: Span<UInt8>, at position: Int) throws(StreamsError) {
                try inner.write(bytes, at: position)
            }
            func truncate(to size: Int) throws(StreamsError) { try inner.truncate(to: size) }
            func sync() throws(StreamsError) {
                try inner.sync()
                atSync()
            }
            func dropCache() { inner.dropCache() }
        }
        func createDirectory(_ path: String) throws(StreamsError) { try disk.createDirectory(path) }
        func list(_ directory: String) throws(StreamsError) -> [String] { try disk.list(directory) }
        func create(_ path: String) throws(StreamsError) -> any LogFile {
            File(inner: try disk.create(path), atSync: atSync)
        }
        func open(_ path: String) throws(StreamsError) -> (any LogFile)? {
            guard let file = try disk.open(path) else { return nil }
            return File(inner: file, atSync: atSync)
        }
        func remove(_ path: String) throws(StreamsError) { try disk.remove(path) }
        func removeDirectory(_ path: String) throws(StreamsError) { try disk.removeDirectory(path) }
        func syncDirectory(_ path: String) throws(StreamsError) {
            try disk.syncDirectory(path)
            atSync()
        }
    }

    @Test func whatIsDurableAfterTheLeaseIsNotAcknowledged() throws {
        let clock = self.clock
        let stop = Event()
        let log = try open(SlowDisk(disk) { stop.happen() })
        stop.set { clock.advance(microseconds: 10 * Self.second) }
        let key = RequestMark.key(UniqueID(high: 2, low: 2))
        send("[1]", mark: key, to: log)
        log.runPending()
        #expect(lastCode == .outcomeUnknown)
        // It is there: known again once the lease is certain.
        stop.set(nil)
        lease.renew(trustedUntil: clock.bootNanoseconds + 9_000_000_000)
        send("[1]", mark: key, to: log)
        #expect(try last?.get().isRepeat == true)
        #expect(log.status.end.record == 1)
    }

    @Test func nothingIsTrimmedWithoutTheLease() throws {
        let log = try open()
        _ = try log.register(consumer: "reader", landed: .start)
        for number in 0..<10 {
            send("[\(number),\"a text that makes segments\"]", to: log)
            log.runPending()
        }
        let paths = disk.paths
        #expect(paths.count > 2)
        clock.advance(microseconds: 10 * Self.second)
        try log.advance(consumer: "reader", to: log.status.end)
        log.runPending()
        #expect(disk.paths == paths)
        lease.renew(trustedUntil: .max)
        log.runPending()
        #expect(disk.paths.count < paths.count)
    }

    @Test func aLeaseThatEndsAmidstTrimmingLeavesNoHole() throws {
        let clock = self.clock
        let stop = Event()
        let log = try open(SlowDisk(disk) { stop.happen() })
        _ = try log.register(consumer: "reader", landed: .start)
        for number in 0..<10 {
            send("[\(number),\"a text that makes segments\"]", to: log)
            log.runPending()
        }
        let before = disk.paths
        stop.set { clock.advance(microseconds: 10 * Self.second) }
        try log.advance(consumer: "reader", to: log.status.end)
        log.runPending()
        #expect(disk.paths == Array(before.dropFirst()))
        stop.set(nil)
        // What was not trimmed is still there to be read, and goes first when the lease is back.
        let oldest = log.status.oldest
        #expect(try log.readBlocking(from: oldest, maxBytes: 1).records.first?.number == oldest.record)
        lease.renew(trustedUntil: .max)
        log.runPending()
        #expect(disk.paths.count < before.count - 1)
        #expect(try open().status.oldest == log.status.oldest)
    }

    @Test func aPoisonedLogIsNotOpenedAgainWithoutTheLease() throws {
        let log = try open()
        disk.failNextSyncs(1)
        send("[1]", to: log)
        log.runPending()
        #expect(lastCode == .outcomeUnknown)
        clock.advance(microseconds: 10 * Self.second)
        #expect { try log.reopenBlocking() } throws: { ($0 as? StreamsError)?.code == .notOwned }
        lease.renew(trustedUntil: .max)
        try log.reopenBlocking()
        send("[2]", to: log)
        log.runPending()
        #expect(throws: Never.self) { try last?.get() }
    }
}
