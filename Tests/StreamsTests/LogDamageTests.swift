import Effects
import FileFormats
import Scheduling
import StreamsKit
import Synchronization
import TestKit
import Testing

@testable import Streams

@Suite struct LogDamageTests {
    private let id = UniqueID(high: 3, low: 4)
    private static let pool = IOPool(name: "damage", threads: 2)

    private func open(_ disk: SimulatedDisk, _ change: (inout LogLimits) -> Void = { _ in }) throws
        -> StreamLog
    {
        var limits = LogLimits()
        change(&limits)
        let environment = LogEnvironment(files: disk, pool: Self.pool)
        return try StreamLog(opening: "d", streamID: id, limits: limits, environment: environment)
    }

    /// Each body becomes a group of its own.
    private func append(_ bodies: [String], to log: StreamLog) {
        for body in bodies {
            log.append(
                LogAppend(
                    body: Array(body.utf8), eventCount: 1, framing: .object,
                    receivedAt: Instant(microseconds: 5))
            ) { _ in }
            log.runPending()
        }
    }

    private func bodies(_ log: StreamLog) throws -> [String] {
        var bodies: [String] = []
        var offset = log.status.oldest
        while offset < log.status.end {
            let slice = try log.readBlocking(from: offset, maxBytes: 100)
            bodies += slice.records.map { String(decoding: $0.append.body, as: UTF8.self) }
            offset = slice.next
        }
        return bodies
    }

    @Test func aTailCutAtAnyByteKeepsExactlyTheWholeRecords() throws {
        let disk = SimulatedDisk()
        let written = ["{\"a\":1}", "{\"b\":22}", "{\"c\":333}"]
        append(written, to: try open(disk))
        let path = try #require(disk.paths.first)
        let whole = try #require(disk.contents(path))
        let ends = written.reduce(into: [SegmentHeader.byteCount]) { ends, body in
            ends.append(ends[ends.count - 1] + RecordHeader.byteCount + body.utf8.count)
        }
        for size in 0...whole.count {
            disk.setContents(path, Array(whole.prefix(size)))
            let kept = max(0, ends.lastIndex { $0 <= size } ?? 0)
            let log = try open(disk)
            #expect(try bodies(log) == Array(written.prefix(kept)), "cut at \(size)")
            append(["{\"new\":1}"], to: log)
            #expect(try bodies(try open(disk)) == Array(written.prefix(kept)) + ["{\"new\":1}"])
        }
    }

    @Test func aFlippedByteBeforeTheLastGroupIsAnErrorThatNamesThePosition() throws {
        let disk = SimulatedDisk()
        append(["{\"a\":1}", "{\"b\":22}", "{\"c\":333}"], to: try open(disk))
        let path = try #require(disk.paths.first)
        let whole = try #require(disk.contents(path))
        let lastGroup = whole.count - RecordHeader.byteCount - 9
        for index in 0..<whole.count {
            var damaged = whole
            damaged[index] ^= 0x10
            disk.setContents(path, damaged)
            if index < lastGroup {
                let fault = #expect(throws: StreamsError.self, "byte \(index)") { _ = try open(disk) }
                #expect(fault?.code == .corrupt || fault?.code == .newerVersion, "byte \(index)")
            } else {
                #expect(try bodies(try open(disk)) == ["{\"a\":1}", "{\"b\":22}"], "byte \(index)")
            }
        }
    }

    @Test func aFaultInARecordThatHasLandedIsNoTornTail() throws {
        let disk = SimulatedDisk()
        append(["{\"a\":1}", "{\"b\":22}", "{\"c\":333}"], to: try open(disk))
        let path = try #require(disk.paths.first)
        var damaged = try #require(disk.contents(path))
        damaged[damaged.count - 1] ^= 0x10
        disk.setContents(path, damaged)
        func reopen(landed: Int64) throws -> StreamLog {
            try StreamLog(
                opening: "d", streamID: id, landedRecord: landed, limits: LogLimits(),
                environment: LogEnvironment(files: disk, pool: Self.pool))
        }
        let fault = #expect(throws: StreamsError.self) { _ = try reopen(landed: 3) }
        #expect(fault?.code == .corrupt)
        #expect(disk.contents(path) == damaged)
        #expect(try bodies(try reopen(landed: 2)) == ["{\"a\":1}", "{\"b\":22}"])
    }

    @Test func openingHoldsTwoFilesAtOnceHoweverManyThereAre() throws {
        let disk = SimulatedDisk()
        append((0..<20).map { "{\"n\":\($0)}" }, to: try open(disk) { $0.segmentBytes = 100 })
        let files = CountedFiles(disk: disk)
        let opening = LogOpening(
            directory: "d", streamID: id, environment: LogEnvironment(files: files, pool: Self.pool))
        #expect(try opening.run().segments.count == 20)
        #expect(files.mostOpen == 2)
    }

    @Test func damageInAnOlderSegmentIsFoundWhenItIsRead() throws {
        let disk = SimulatedDisk()
        append((0..<6).map { "{\"n\":\($0)}" }, to: try open(disk) { $0.segmentBytes = 200 })
        let path = try #require(disk.paths.first)
        var bytes = try #require(disk.contents(path))
        bytes[SegmentHeader.byteCount + RecordHeader.byteCount + 2] ^= 1
        disk.setContents(path, bytes)
        let log = try open(disk)
        let fault = #expect(throws: StreamsError.self) { _ = try bodies(log) }
        #expect(fault?.code == .corrupt)
        #expect(fault?.context.contains { $0.name == "position" && $0.value == "64" } == true)
    }

    @Test func aMissingSegmentInTheMiddleIsAnError() throws {
        let disk = SimulatedDisk()
        append((0..<9).map { "{\"n\":\($0)}" }, to: try open(disk) { $0.segmentBytes = 200 })
        #expect(disk.paths.count > 2)
        try disk.remove(disk.paths[1])
        let log = try open(disk)
        let fault = #expect(throws: StreamsError.self) { _ = try bodies(log) }
        #expect(fault?.code == .corrupt)
    }

    @Test func aNewerVersionIsRefused() throws {
        let disk = SimulatedDisk()
        append(["1"], to: try open(disk))
        let path = try #require(disk.paths.first)
        var bytes = try #require(disk.contents(path))
        bytes[8] = 2
        disk.setContents(path, bytes)
        let fault = #expect(throws: StreamsError.self) { _ = try open(disk) }
        #expect(fault?.code == .newerVersion)
    }

    @Test func aFullDiskRefusesWithoutTearingAndGoesOnWhenThereIsRoom() throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        append(["{\"a\":1}"], to: log)
        disk.setCapacity(200)
        let answer = Mutex<StreamsError?>(nil)
        log.append(
            LogAppend(
                body: [UInt8](repeating: 0x20, count: 500), eventCount: 1, framing: .lines,
                receivedAt: Instant(microseconds: 0))
        ) { result in
            if case .failure(let error) = result { answer.withLock { $0 = error } }
        }
        log.runPending()
        #expect(answer.withLock { $0?.code } == .noSpace)
        disk.setCapacity(.max)
        append(["{\"b\":2}"], to: log)
        #expect(try bodies(log) == ["{\"a\":1}", "{\"b\":2}"])
        #expect(try bodies(try open(disk)) == ["{\"a\":1}", "{\"b\":2}"])
    }

    @Test func aFailedSyncPoisonsTheLogUntilItIsOpenedAgain() throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        append(["{\"a\":1}"], to: log)
        let codes = Mutex<[StreamsError.Code]>([])
        func send(_ body: String) {
            log.append(
                LogAppend(
                    body: Array(body.utf8), eventCount: 1, framing: .object,
                    receivedAt: Instant(microseconds: 0))
            ) { result in
                if case .failure(let error) = result { codes.withLock { $0.append(error.code) } }
            }
            log.runPending()
        }
        disk.failNextSyncs(1)
        send("{\"b\":2}")
        send("{\"c\":3}")
        #expect(codes.withLock { $0 } == [.outcomeUnknown, .poisoned])
        #expect(try bodies(log) == ["{\"a\":1}"])
        try log.reopenBlocking()
        send("{\"d\":4}")
        #expect(try bodies(log) == ["{\"a\":1}", "{\"d\":4}"])
    }

    @Test func aPoisonedLogEndsWhenItIsClosed() async throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        disk.failNextSyncs(1)
        append(["{\"a\":1}"], to: log)
        #expect(log.status.failure?.code == .poisoned)
        #expect(try await ends(log))
    }

    @Test func aLogThatFailsWhileItIsClosedEnds() async throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        let code = Mutex<StreamsError.Code?>(nil)
        log.append(
            LogAppend(
                body: [0x31], eventCount: 1, framing: .lines, receivedAt: Instant(microseconds: 0))
        ) { result in
            if case .failure(let error) = result { code.withLock { $0 = error.code } }
        }
        disk.failNextSyncs(1)
        #expect(try await ends(log))
        #expect(code.withLock { $0 } == .outcomeUnknown)
        // Nobody would write what a log without its thread takes.
        try log.reopenBlocking()
        #expect(log.status.failure?.code == .closed)
    }

    /// Closes the log and does its thread's work. False when it does not end.
    private func ends(_ log: StreamLog) async throws -> Bool {
        let closing = Task { await log.close() }
        guard try await eventually({ log.runPending() }) else { return false }
        await closing.value
        return true
    }
}

/// A simulated disk that knows how many of its files are open.
private final class CountedFiles: LogFiles {
    private let disk: SimulatedDisk
    private let counts = Mutex((open: 0, most: 0))

    init(disk: SimulatedDisk) { self.disk = disk }

    var mostOpen: Int { counts.withLock { $0.most } }

    private final class File: LogFile {
        let file: any LogFile
        let files: CountedFiles

        init(_ file: any LogFile, _ files: CountedFiles) {
            self.file = file
            self.files = files
            files.counts.withLock {
                $0.open += 1
                $0.most = max($0.most, $0.open)
            }
        }

        deinit { files.counts.withLock { $0.open -= 1 } }

        func size() throws(StreamsError) -> Int { try file.size() }
        func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8] {
            try file.read(at: position, count: count)
        }
        func write(_ bytes: Span<UInt8>, at position: Int) throws(StreamsError) {
            try file.write(bytes, at: position)
        }
        func truncate(to size: Int) throws(StreamsError) { try file.truncate(to: size) }
        func sync() throws(StreamsError) { try file.sync() }
        func dropCache() { file.dropCache() }
    }

    func createDirectory(_ path: String) throws(StreamsError) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(StreamsError) -> [String] { try disk.list(directory) }
    func create(_ path: String) throws(StreamsError) -> any LogFile { File(try disk.create(path), self) }
    func open(_ path: String) throws(StreamsError) -> (any LogFile)? {
        try disk.open(path).map { File($0, self) }
    }
    func remove(_ path: String) throws(StreamsError) { try disk.remove(path) }
    func removeDirectory(_ path: String) throws(StreamsError) { try disk.removeDirectory(path) }
    func syncDirectory(_ path: String) throws(StreamsError) { try disk.syncDirectory(path) }
}
