import Effects
import Faults
import FileFormats
import Octets
import Scheduling
import StreamsKit
import Synchronization
import Testing

@testable import Streams

@Suite struct RequestMarkTests {
    private let id = UniqueID(high: 3, low: 4)
    private static let pool = IOPool(name: "marks", threads: 2)

    private func open(_ disk: SimulatedDisk, _ change: (inout LogLimits) -> Void = { _ in }) throws
        -> StreamLog
    {
        var limits = LogLimits()
        limits.segmentBytes = 300
        limits.replayWindowBytes = 0
        change(&limits)
        return try StreamLog(
            opening: "d", streamID: id, limits: limits,
            environment: LogEnvironment(files: disk, pool: Self.pool))
    }

    private func key(_ number: Int) -> RequestMark { .key(UniqueID(high: 1, low: UInt64(number))) }
    private func step(_ number: Int64, of producer: UInt64 = 1) -> RequestMark {
        .sequence(producer: UniqueID(high: 2, low: producer), number: number)
    }

    /// The answer when the writer has done what there is to do.
    private func send(
        _ text: String, _ mark: RequestMark?, at second: Int64 = 0, to log: StreamLog
    ) throws -> LogReceipt {
        let answer = Answers()
        enqueue(text, mark, at: second, to: log, answer)
        log.runPending()
        return try #require(answer.all.first).get()
    }

    private func enqueue(
        _ text: String, _ mark: RequestMark?, at second: Int64 = 0, to log: StreamLog, _ answers: Answers
    ) {
        log.append(
            LogAppend(
                body: Array(text.utf8), eventCount: 2, framing: .lines,
                receivedAt: Instant(microseconds: second * 1_000_000), mark: mark)
        ) { answers.add($0) }
    }

    private func code(_ body: () throws -> LogReceipt) -> StreamsError.Code? {
        do { _ = try body() } catch { return (error as? StreamsError)?.code }
        return nil
    }

    @Test func aRepeatIsKeptOnceAlsoAfterARestartAndAfterItsSegmentIsGone() throws {
        let disk = SimulatedDisk()
        var log = try open(disk)
        _ = try log.register(consumer: "p", landed: nil)
        var receipts: [LogReceipt] = []
        for number in 0..<12 { receipts.append(try send("{\"n\":\(number)}", key(number), to: log)) }
        try log.advance(consumer: "p", to: log.status.end)
        log.runPending()
        #expect(log.status.oldest.record > 5)
        for life in 0..<3 {
            for number in 0..<12 {
                let again = try send("{\"n\":\(number)}", key(number), to: log)
                #expect(
                    again.isRepeat && again.offset == receipts[number].offset && again.eventCount == 2,
                    "\(life)")
            }
            #expect(log.status.end.record == 12)
            log = try open(disk)
        }
        #expect(disk.paths.filter { $0.hasSuffix(".marks") }.count == 1)
        #expect(code { try send("{\"other\":1}", key(3), to: log) } == .keyReused)
        #expect(!(try send("{\"n\":3}", nil, to: log)).isRepeat)
    }

    @Test func aRepeatOfWhatIsBeingWrittenWaitsForItsAnswer() throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        let answers = Answers()
        for _ in 0..<3 { enqueue("{}", key(1), to: log, answers) }
        enqueue("{\"a\":1}", key(1), to: log, answers)
        #expect(answers.all.count == 1)
        log.runPending()
        let all = answers.all
        #expect(all.count == 4)
        guard case .failure(let refused) = all[0] else { return #expect(Bool(false)) }
        #expect(refused.code == .keyReused)
        #expect(try all.dropFirst().map { try $0.get().offset.record } == [0, 0, 0])
        #expect(try all.dropFirst().map { try $0.get().isRepeat } == [false, true, true])
    }

    @Test func aFailedRequestMayBeSentAgain() throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        _ = try send("{}", key(0), to: log)
        disk.failNextSyncs(1)
        #expect(code { try send("{\"a\":1}", key(1), to: log) } == .outcomeUnknown)
        try log.reopenBlocking()
        let again = try send("{\"a\":1}", key(1), to: log)
        #expect(!again.isRepeat && again.offset.record == 1)
    }

    @Test func sequencesHaveNeitherGapsNorRepeats() throws {
        let disk = SimulatedDisk()
        var log = try open(disk)
        for number in Int64(7)...10 {
            #expect(!(try send("{\"n\":\(number)}", step(number), to: log)).isRepeat)
        }
        for _ in 0..<2 {
            #expect(code { try send("{\"n\":12}", step(12), to: log) } == .sequenceGap)
            #expect(try send("{\"n\":10}", step(10), to: log).isRepeat)
            #expect(try send("{\"n\":8}", step(8), to: log).isRepeat)
            // Any number may be a producer's first; what is below it was never kept.
            #expect(code { try send("{\"n\":6}", step(6), to: log) } == .sequenceGap)
            #expect(code { try send("{\"n\":0}", step(10), to: log) } == .keyReused)
            log = try open(disk)
        }
        #expect(!(try send("{\"n\":1}", step(1, of: 9), to: log)).isRepeat)
        let answers = Answers()
        enqueue("{\"n\":11}", step(11), to: log, answers)
        enqueue("{\"n\":12}", step(12), to: log, answers)
        guard case .failure(let early) = answers.all.first else { return #expect(Bool(false)) }
        #expect(early.code == .sequencePending)
        log.runPending()
        #expect(!(try send("{\"n\":12}", step(12), to: log)).isRepeat)
    }

    @Test func whereAProducerBeganOutlivesItsSegmentsAndRestarts() throws {
        let disk = SimulatedDisk()
        var log = try open(disk)
        _ = try log.register(consumer: "p", landed: nil)
        for number in Int64(7)...30 {
            #expect(!(try send("{\"n\":\(number)}", step(number), to: log)).isRepeat)
            try log.advance(consumer: "p", to: log.status.end)
            log.runPending()
            if number % 3 == 0 {
                log = try open(disk)
                _ = try log.register(consumer: "p", landed: log.status.end)
            }
            #expect(try send("{\"n\":7}", step(7), to: log).isRepeat, "\(number)")
            #expect(code { try send("{\"n\":6}", step(6), to: log) } == .sequenceGap, "\(number)")
        }
        #expect(log.status.oldest.record > 5)
    }

    @Test func aForgottenProducerBeginsAnywhereAlsoAfterARestart() throws {
        let disk = SimulatedDisk()
        var log = try open(disk) { $0.markWindowSeconds = 100 }
        for number in Int64(5)...7 { _ = try send("{}", step(number), at: 0, to: log) }
        #expect(!(try send("{}", step(100), at: 200, to: log)).isRepeat)
        for _ in 0..<2 {
            #expect(try send("{}", step(100), at: 201, to: log).isRepeat)
            #expect(code { try send("{}", step(6), at: 201, to: log) } == .sequenceGap)
            log = try open(disk) { $0.markWindowSeconds = 100 }
        }
    }

    /// Version 1 did not say where a producer began: only its last request is known to be kept.
    @Test func aCheckpointOfTheFirstVersionIsRead() throws {
        let marked = [
            MarkedRecord(
                mark: key(1), record: 2, eventCount: 1, bodyLength: 3, bodyChecksum: 4,
                receivedAt: Instant(microseconds: 5)),
            MarkedRecord(
                mark: step(9), firstNumber: 3, record: 6, eventCount: 1, bodyLength: 3, bodyChecksum: 4,
                receivedAt: Instant(microseconds: 5)),
        ]
        let new = MarkFile(streamID: id, generation: 0, end: 7, marked: marked).bytes
        var rest = Array(new[16..<48])
        for index in 0..<marked.count { rest += new[(48 + index * 64)..<(48 + index * 64 + 56)] }
        var old = Array(new[..<8])
        old.appendLittleEndian(UInt16(1))
        old.appendLittleEndian(UInt16(0))
        old.appendLittleEndian(CRC32C.checksum(rest.span))
        old += rest
        let read = try #require(try MarkFile.read(old.span, generation: 0, streamID: id, path: "p"))
        #expect(read.marked[0] == marked[0])
        #expect(read.marked[1].mark == step(9) && read.marked[1].firstNumber == 9)
    }

    /// Parts of any size make up all marks, in the order of records, whatever is forgotten between them.
    @Test(arguments: [1, 2, 3, 7, 100]) func marksAreGatheredInParts(limit: Int) {
        func marked(_ record: Int64, _ mark: RequestMark) -> MarkedRecord {
            MarkedRecord(
                mark: mark, record: record, eventCount: 1, bodyLength: 2, bodyChecksum: 3,
                receivedAt: Instant(microseconds: record))
        }
        var index = MarkIndex()
        for record in Int64(0)..<40 {
            index.insert(marked(2 * record, record % 3 == 0 ? step(record / 3) : key(Int(record))))
        }
        index.forget(before: Instant(microseconds: 20))
        var records: [Int64] = []
        var next: Int64? = 0
        while let record = next {
            let part = index.part(from: record, limit: limit)
            records += part.marked.map(\.record)
            next = part.next
            if record > 40 { index.forget(before: Instant(microseconds: 22)) }
        }
        // Of the producer only its last request counts.
        var expected: [Int64] = []
        for number in 10..<40 where number == 39 || !number.isMultiple(of: 3) {
            expected.append(Int64(2 * number))
        }
        #expect(records == expected)
    }

    /// More marks than are gathered or forgotten in one go.
    @Test func manyMarksOutliveARestartAndGoInTime() throws {
        let disk = SimulatedDisk()
        func opened() throws -> StreamLog {
            try open(disk) {
                $0.markWindowSeconds = 100
                $0.segmentBytes = 40_000
            }
        }
        var log = try opened()
        _ = try log.register(consumer: "p", landed: nil)
        for number in 0..<3000 { _ = try send("{}", key(number), to: log) }
        try log.advance(consumer: "p", to: log.status.end)
        log.runPending()
        #expect(log.status.oldest.record > 2000)
        log = try opened()
        for number in [0, 1023, 1024, 2047, 2999] {
            #expect(try send("{}", key(number), to: log).isRepeat, "\(number)")
        }
        // Each request forgets some; after a few none of the old ones is known.
        for number in 0..<12 { _ = try send("{}", key(10_000 + number), at: 200, to: log) }
        for number in [0, 1024, 2999] {
            #expect(!(try send("{}", key(number), at: 200, to: log)).isRepeat, "\(number)")
        }
    }

    @Test func theIndexIsBoundedInNumberAndTime() throws {
        let disk = SimulatedDisk()
        let log = try open(disk) {
            $0.marks = 3
            $0.markWindowSeconds = 100
        }
        for number in 0..<3 { _ = try send("{\"n\":\(number)}", key(number), at: Int64(number), to: log) }
        let full = #expect(throws: StreamsError.self) { try send("{}", key(3), at: 50, to: log) }
        #expect(full?.code == .marksFull && full?.retryAfterSeconds == 50)
        #expect(full?.message.contains("in 50 s") == true)
        #expect(!(try send("{}", nil, at: 50, to: log)).isRepeat)
        #expect(try send("{\"n\":0}", key(0), at: 90, to: log).isRepeat)
        // The first is forgotten and makes room.
        #expect(!(try send("{}", key(3), at: 101, to: log)).isRepeat)
        #expect(code { try send("{\"n\":0}", key(0), at: 101, to: log) } == .marksFull)
        #expect(!(try send("{\"n\":0}", key(0), at: 102, to: log)).isRepeat)
    }

    /// Whoever counts takes one place, whatever it sends; and is told to come back when there is one.
    @Test func aProducerTakesOnePlaceForAllItsRequests() throws {
        let log = try open(SimulatedDisk()) { $0.marks = 3 }
        for number in Int64(0)..<200 {
            for producer in UInt64(0)..<3 {
                let receipt = try send(
                    "{\"n\":\(number)}", step(number, of: producer), at: number * 60, to: log)
                #expect(!receipt.isRepeat)
            }
        }
        let late = 199 * 60 + Int64(10)
        let full = #expect(throws: StreamsError.self) { try send("{}", key(1), at: late, to: log) }
        // The oldest mark is the first producer's last request, a day later; nobody is told to wait that long.
        #expect(full?.code == .marksFull && full?.retryAfterSeconds == 3600)
        #expect(full?.message.contains("in 86390 s") == true)
        let again = try send("{\"n\":7}", step(7, of: 2), at: late, to: log)
        #expect(again.isRepeat && again.lastSequence == 199)
    }

    @Test func aDamagedIndexIsAnErrorAndATornNewOneIsNot() throws {
        let disk = SimulatedDisk()
        let log = try open(disk)
        _ = try log.register(consumer: "p", landed: nil)
        for number in 0..<12 { _ = try send("{\"n\":\(number)}", key(number), to: log) }
        let path = try #require(disk.paths.first { $0.hasSuffix(".marks") })
        var bytes = try #require(disk.contents(path))
        let generation = try #require(MarkFile.generation(ofFileNamed: String(path.dropFirst(2))))
        #expect(generation > 0)
        // A crash tore the next one.
        let torn = "d/" + MarkFile.fileName(generation: generation + 1)
        disk.setContents(torn, Array(bytes.prefix(60)))
        #expect(try send("{\"n\":1}", key(1), to: try open(disk)).isRepeat)
        #expect(disk.contents(torn) == nil)
        bytes[70] ^= 1
        disk.setContents(path, bytes)
        let damage = #expect(throws: StreamsError.self) { _ = try open(disk) }
        #expect(damage?.code == .corrupt)
    }

    @Test func aCheckpointReadsBackAsItWasWrittenForAnySeed() throws {
        for seed in UInt64(1)...50 {
            var random = SeededGenerator(seed: seed)
            let marked = (0..<Int.random(in: 0...40, using: &random)).map { number in
                let id = UniqueID(high: random.next(), low: random.next())
                let first = Int64.random(in: 0 ... .max, using: &random)
                let isKey = Bool.random(using: &random)
                return MarkedRecord(
                    mark: isKey
                        ? .key(id)
                        : .sequence(producer: id, number: Int64.random(in: first ... .max, using: &random)),
                    firstNumber: isKey ? nil : first,
                    record: Int64(number), eventCount: Int.random(in: 0...Int(UInt32.max), using: &random),
                    bodyLength: Int.random(in: 0...Int(UInt32.max), using: &random),
                    bodyChecksum: UInt32.random(in: 0 ... .max, using: &random),
                    receivedAt: Instant(microseconds: Int64.random(in: -5 ... .max, using: &random)))
            }
            let file = MarkFile(streamID: id, generation: 4, end: 100, marked: marked)
            let bytes = file.bytes
            #expect(try MarkFile.read(bytes.span, generation: 4, streamID: id, path: "p") == file)
            for cut in [0, 10, 47, bytes.count - 1] where cut < bytes.count {
                let part = Array(bytes.prefix(cut))
                #expect(try MarkFile.read(part.span, generation: 4, streamID: id, path: "p") == nil)
            }
        }
    }
}

private final class Answers: Sendable {
    private let state = Mutex<[Result<LogReceipt, StreamsError>]>([])
    func add(_ answer: Result<LogReceipt, StreamsError>) { state.withLock { $0.append(answer) } }
    var all: [Result<LogReceipt, StreamsError>] { state.withLock { $0 } }
}
