import Effects
import Faults
import FileFormats
import JSONText
import Metastore
import Scheduling
import StreamsKit
import Synchronization
import TestKit
import Testing

@testable import Streams

/// The operating system's files, of which directories do not go away.
private struct StickyFiles: LogFiles {
    private let live = LiveLogFiles()
    func createDirectory(_ path: String) throws(StreamsError) { try live.createDirectory(path) }
    func list(_ directory: String) throws(StreamsError) -> [String] { try live.list(directory) }
    func create(_ path: String) throws(StreamsError) -> any LogFile { try live.create(path) }
    func open(_ path: String) throws(StreamsError) -> (any LogFile)? { try live.open(path) }
    func remove(_ path: String) throws(StreamsError) { try live.remove(path) }
    func removeDirectory(_ path: String) throws(StreamsError) {
        throw StreamsError(.inputOutputFailed, "the directory stays", ["path": path])
    }
    func syncDirectory(_ path: String) throws(StreamsError) { try live.syncDirectory(path) }
}

/// A simulated disk on which something happens while somebody lists a directory.
private final class WatchedFiles: LogFiles {
    let disk = SimulatedDisk()
    private let watcher = Mutex<(@Sendable () -> Void)?>(nil)

    /// Called once.
    func onNextList(_ body: @escaping @Sendable () -> Void) { watcher.withLock { $0 = body } }

    func list(_ directory: String) throws(StreamsError) -> [String] {
        watcher.withLock { $0.take() }?()
        return try disk.list(directory)
    }
    func createDirectory(_ path: String) throws(StreamsError) { try disk.createDirectory(path) }
    func create(_ path: String) throws(StreamsError) -> any LogFile { try disk.create(path) }
    func open(_ path: String) throws(StreamsError) -> (any LogFile)? { try disk.open(path) }
    func remove(_ path: String) throws(StreamsError) { try disk.remove(path) }
    func removeDirectory(_ path: String) throws(StreamsError) { try disk.removeDirectory(path) }
    func syncDirectory(_ path: String) throws(StreamsError) { try disk.syncDirectory(path) }
}

@Suite struct RegistryRepairTests {
    private let directory: TemporaryDirectory
    private static let pool = IOPool(name: "repair", threads: 2)
    init() throws { directory = try TemporaryDirectory() }

    private func open(
        _ metastore: Metastore, files: any LogFiles = LiveLogFiles()
    ) async throws -> StreamRegistry {
        var limits = LogLimits()
        limits.segmentBytes = 200
        limits.replayWindowBytes = 0
        return try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore, limits: limits,
            environment: LogEnvironment(files: files, clock: ManualClock(), pool: Self.pool))
    }

    private func append(_ count: Int, to registry: StreamRegistry, _ id: UniqueID) async throws {
        for _ in 0..<count {
            try await registry.append(
                LogAppend(
                    body: Array("{}".utf8), eventCount: 1, framing: .object,
                    receivedAt: Instant(microseconds: 0)),
                to: id)
        }
    }

    /// As pipelines do that were made when the log was new and have landed nothing.
    private func addReaders(_ pipelines: [UniqueID], of stream: UniqueID, _ metastore: Metastore) async throws
    {
        try await metastore.write { transaction in
            for id in pipelines {
                let text = SQLValue.text(id.hexDigits)
                try transaction.execute(
                    "INSERT INTO pipelines (id, name, sql_text, status, created_at, modified_at) VALUES (?, ?, '', 'running', 0, 0)",
                    [text, text])
                try transaction.execute(
                    "INSERT INTO sinks (id, name, definition, created_at, modified_at) VALUES (?, ?, '{}', 0, 0)",
                    [text, text])
                try transaction.execute(
                    """
                    INSERT INTO pipeline_progress (pipeline_id, sink_id, stream_id, next_record, next_event, owner_epoch,
                        start_event, landed_event, passed, filtered, rejected, sink_rows, unknown_fields)
                    VALUES (?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                    """, [text, text, .text(stream.hexDigits)])
            }
        }
    }

    @Test func aLogThatIsOpenedAgainHoldsWhatPipelinesThatDoNotRunHaveNotLanded() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let first = try await open(metastore)
        let id = try await first.create(["name": "s"]).id
        try await append(12, to: first, id)
        await first.close()
        let pipelines = [UniqueID(high: 1, low: 1), UniqueID(high: 2, low: 2)]
        try await addReaders(pipelines, of: id, metastore)
        let consumers = pipelines.map { LogConsumer.name(pipeline: $0, sink: $0) }

        // A damaged segment keeps the log shut until somebody mends it.
        let files = LiveLogFiles()
        let folder = directory.path + "/streams/" + id.hexDigits
        let name = try #require(try files.list(folder).sorted().last)
        let file = try #require(try files.open("\(folder)/\(name)"))
        let head = try file.read(at: 0, count: 8)
        try file.write([UInt8](repeating: 0xFF, count: 8).span, at: 0)
        let damaged = try await open(metastore)
        await #expect(throws: StreamsError.self) { try await append(1, to: damaged, id) }
        await damaged.close()
        try file.write(head.span, at: 0)

        let registry = try await open(metastore)
        let log = try registry.stream("s").log.get()
        #expect(log.consumers == consumers.sorted())
        // The first lands everything; the second does not run, and loses nothing.
        try log.advance(consumer: consumers[0], to: log.status.end)
        try await append(3, to: registry, id)
        #expect(log.status.oldest == .start)
        await registry.close()
        try await metastore.close()
    }

    /// Else the numbers of what had landed are given to new events, and their pipeline leaves them out.
    @Test func aLogThatLostWhatHadLandedTakesNothing() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let first = try await open(metastore)
        let id = try await first.create(["name": "s"]).id
        try await append(3, to: first, id)
        await first.close()
        let pipeline = UniqueID(high: 1, low: 1)
        try await addReaders([pipeline], of: id, metastore)
        _ = try await metastore.write { try $0.execute("UPDATE pipeline_progress SET next_record = 3") }
        try LiveLogFiles().removeDirectory(directory.path + "/streams/" + id.hexDigits)

        let registry = try await open(metastore)
        let refused = await #expect(throws: StreamsError.self) { try await append(1, to: registry, id) }
        #expect(refused?.code == .offsetBeyondEnd)
        let log = try registry.stream("s").log.get()
        log.unregister(consumer: LogConsumer.name(pipeline: pipeline, sink: pipeline))
        try await append(1, to: registry, id)
        await registry.close()
        try await metastore.close()
    }

    @Test func everyReaderThatAStreamMayHaveIsFound() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let registry = try await open(metastore)
        let id = try await registry.create(["name": "s"]).id
        try await addReaders([UniqueID(high: 1, low: 1)], of: id, metastore)
        let found = try await metastore.write { transaction in
            try transaction.execute("PRAGMA defer_foreign_keys = ON")
            try transaction.execute(
                """
                WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < \(LogConsumer.limit))
                INSERT INTO pipeline_progress (pipeline_id, sink_id, stream_id, next_record, next_event, owner_epoch,
                    start_event, landed_event, passed, filtered, rejected, sink_rows, unknown_fields)
                SELECT pipeline_id, printf('%032x', i), stream_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
                FROM n, pipeline_progress WHERE stream_id = ?
                """, [.text(id.hexDigits)])
            let count = try StreamRows.readers(of: id, transaction).count
            try transaction.execute("DELETE FROM pipeline_progress")
            return count
        }
        #expect(found == LogConsumer.limit)
        await registry.close()
        try await metastore.close()
    }

    @Test func aDirectoryThatOutlivedItsStreamGoesAtTheNextStart() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let first = try await open(metastore, files: StickyFiles())
        let id = try await first.create(["name": "s"]).id
        // The deletion itself succeeds: the stream is gone.
        try await first.delete("s")
        #expect(try LiveLogFiles().list(directory.path + "/streams") == [id.hexDigits])
        await first.close()
        let second = try await open(metastore)
        #expect(try LiveLogFiles().list(directory.path + "/streams") == [])
        #expect(try await metastore.read { try StreamRows.deleted($0) } == [])
        await second.close()
        try await metastore.close()
    }

    @Test func aPoisonedLogIsOpenedAgainWhileItsProducerIsToldToComeBack() async throws {
        let metastore = try await Metastore.open(directory: directory.path)
        let disk = SimulatedDisk()
        let registry = try await open(metastore, files: disk)
        let id = try await registry.create(["name": "s"]).id
        try await append(1, to: registry, id)
        disk.failNextSyncs(1)
        let unknown = await #expect(throws: StreamsError.self) { try await append(1, to: registry, id) }
        #expect(unknown?.code == .outcomeUnknown)
        let refused = await #expect(throws: StreamsError.self) { try await append(1, to: registry, id) }
        #expect(refused?.code == .poisoned)
        var isTaken = false
        while !isTaken {
            do {
                try await append(1, to: registry, id)
                isTaken = true
            } catch let error as StreamsError where error.code == .poisoned {
                await Task.yield()
            }
        }
        await registry.close()
        try await metastore.close()
    }

    /// Else a deleted stream's directory would be removed, and made again by whoever opens the log.
    @Test(arguments: [false, true]) func aLogEndsOnlyWhenNobodyOpensItAgain(isDamaged: Bool) throws {
        let files = WatchedFiles()
        let log = try StreamLog(
            opening: "d", streamID: UniqueID(high: 1, low: 1), limits: LogLimits(),
            environment: LogEnvironment(files: files, pool: Self.pool))
        files.disk.failNextSyncs(1)
        log.append(
            LogAppend(
                body: Array("{}".utf8), eventCount: 1, framing: .object,
                receivedAt: Instant(microseconds: 0))
        ) { _ in }
        log.runPending()
        #expect(log.status.failure?.code == .poisoned)
        if isDamaged { files.disk.setContents("d/\(SegmentHeader.fileName(firstRecord: 0))", [1, 2, 3]) }

        let hasEnded = Mutex(false)
        files.onNextList {
            log.close { hasEnded.withLock { $0 = true } }
            #expect(!log.runPending())
            #expect(!hasEnded.withLock { $0 })
        }
        do throws(StreamsError) {
            try log.reopenBlocking()
        } catch {
            #expect(isDamaged)
        }
        #expect(log.runPending())
        #expect(hasEnded.withLock { $0 })
    }

    @Test func whatOnlyADeletedReaderHeldIsTrimmedAtOnce() throws {
        let disk = SimulatedDisk()
        var limits = LogLimits()
        limits.segmentBytes = 100
        limits.replayWindowBytes = 0
        let log = try StreamLog(
            opening: "d", streamID: UniqueID(high: 1, low: 1), limits: limits,
            environment: LogEnvironment(files: disk, pool: Self.pool))
        for _ in 0..<6 {
            log.append(
                LogAppend(
                    body: Array("{}".utf8), eventCount: 1, framing: .object,
                    receivedAt: Instant(microseconds: 0))
            ) { _ in }
            log.runPending()
        }
        _ = try log.register(consumer: "a", landed: .start)
        _ = try log.register(consumer: "b", landed: .start)
        try log.advance(consumer: "a", to: log.status.end)
        log.runPending()
        #expect(log.status.segmentCount > 1)
        let before = log.status.unlandedBytes
        #expect(before > 0)
        // The writer sleeps: the call itself must wake it.
        #expect(log.unregister(consumer: "b"))
        log.runPending()
        #expect(log.status.segmentCount == 1)
        #expect(log.status.unlandedBytes == 0)
    }

    @Test(arguments: [
        (JSONValue.null, "needs a name"), (7, "is a string"), ("", "1 to 128 bytes"),
        (.string(String(repeating: "x", count: 129)), "1 to 128 bytes"), ("a-b", "letters"),
    ])
    func aBadNameIsToldApart(_ name: JSONValue, _ words: String) throws {
        let error = #expect(throws: StreamsError.self) {
            _ = try StreamDefinition(
                creating: ["name": name], id: UniqueID(high: 1, low: 1), now: Instant(microseconds: 0))
        }
        #expect(error?.code == .invalidName)
        #expect(error?.summary.contains(words) == true)
        // A name of a megabyte is not sent back.
        #expect((error?.message.utf8.count ?? 0) < 200)
    }
}
