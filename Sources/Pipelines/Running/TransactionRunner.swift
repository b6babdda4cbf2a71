import Effects
import JSONText
import Metastore
import Scheduling
import Streams
import Synchronization
import Telemetry

/// Carries all statements of a pipeline together: what one of them commits, all commit, in one transaction.
///
///     stream a:  records ··[ slice ]··>  statement 1 ──> files ┐
///                              └──────>  statement 2 ──> files ├─ one commit, between slices
///     stream b:  records ··[ slice ]··>  statement 3 ──> files ┘
///
/// The statements of a stream are given the same records before any of them gets more, so that they stand at one place
/// whenever something may be committed. One that begins ahead of the others gets nothing until they are there.
///
/// - Source: decision 22.
struct TransactionRunner: StatementsRunner {
    private(set) var members: [PipelineRunner]
    /// Members by their stream, in the order of the statements.
    private let streams: [[Int]]
    /// Some members have written a slice that others have not: nothing to commit.
    private var isInsideSlice = false
    private var caution: Caution?
    /// Of the slice taken last.
    private var recordCount = 0

    /// How it goes on after memory ran out amidst a slice: one statement after the other, soon landed, so that little is
    /// read again where it runs out once more.
    private struct Caution {
        private static let longestStride = 64

        /// Of a slice, at most.
        var records = Int.max
        /// Slices between two commits.
        private(set) var stride = 1
        private var written = 0

        init(records: Int = .max) { self.records = records }

        mutating func isCommitDue() -> Bool {
            written += 1
            return written >= stride
        }

        /// Nil after a long good run.
        func afterCommit() -> Caution? {
            if stride >= Self.longestStride { return nil }
            var next = Caution(records: records > Int.max / 2 ? .max : 2 * records)
            next.stride = 2 * stride
            return next
        }
    }

    private enum Reading {
        case end
        case written
        /// There is more, and no memory for it now.
        case refused
    }

    /// - Errors: as those of each statement; then none of them runs.
    static func start(
        _ statements: [(context: RunnerContext, control: RunnerControl)]
    ) async throws -> TransactionRunner {
        TransactionRunner(try await PipelineRunner.start(statements))
    }

    private init(_ members: [PipelineRunner]) {
        precondition(!members.isEmpty, "a transaction has statements")
        self.members = members
        var streams: [[Int]] = []
        for index in members.indices {
            let stream = members[index].context.key.streamID
            if let place = streams.firstIndex(where: { members[$0[0]].context.key.streamID == stream }) {
                streams[place].append(index)
            } else {
                streams.append([index])
            }
        }
        self.streams = streams
    }

    mutating func step() async throws -> StepOutcome {
        if let suspect = streams.first(where: { $0.contains { members[$0].trial != nil } }) {
            return try await tryRecords(of: suspect)
        }
        do { return try await readOn() } catch let error as SchedulingError
            where error.code == .memoryExhausted
        {
            if !isInsideSlice, members.contains(where: \.hasFiles) {
                // What is written holds memory too. Landed, it gives that back, and nothing is read twice.
                try await commit()
            } else {
                guard takeLess() else { throw error }
                members[0].context.log.info(
                    "memory ran out amidst what a transaction reads, which begins again behind its last commit",
                    ["pipeline": .string(members[0].context.pipelineName), "error": .string("\(error)")])
                for index in members.indices { await members[index].rewind() }
                isInsideSlice = false
            }
            await pause(PipelineRunner.memoryPauseNanoseconds)
            return .progressed
        }
    }

    /// The slice that found no memory is taken again, by one statement after the other, then by half the records. False
    /// where one record does not go by itself: then others have the memory.
    private mutating func takeLess() -> Bool {
        guard let old = caution else {
            caution = Caution()
            return true
        }
        guard recordCount > 1 || old.stride > 1 else { return false }
        caution = Caution(records: max(1, recordCount / 2))
        return true
    }

    /// What is written with caution lands soon.
    private mutating func noteSlice() async throws {
        guard caution?.isCommitDue() ?? false else { return }
        try await commit()
        caution = caution?.afterCommit()
    }

    /// Takes a slice of each stream, and the next of each, until there are none.
    private mutating func readOn() async throws -> StepOutcome {
        while !isStopping {
            var readings: [Reading] = []
            for stream in streams where !isStopping {
                let reading = try await read(stream)
                readings.append(reading)
                if reading == .written { try await noteSlice() }
            }
            let isEnd = readings.allSatisfy { $0 == .end }
            if isEnd { caution = nil }
            let lacksRoom = members.contains { $0.context.source.lacksRoom }
            // While producers keep the logs growing their end is never reached: whoever waits is served on the way.
            if try await isCommitDue() || isEnd && lacksRoom { try await commit() }
            if readings.contains(.refused) {
                await pause(PipelineRunner.memoryPauseNanoseconds)
                return .progressed
            }
            if isEnd { return .idle(until: members.compactMap(\.deadline).min()) }
        }
        return .progressed
    }

    /// The next slice of a stream, for all of its members that are not ahead of it. With `limit` records at most, each
    /// member noting them first.
    private mutating func read(_ stream: [Int], trying limit: Int? = nil) async throws -> Reading {
        let first = members[stream[0]].context
        let position = stream.reduce(members[stream[0]].position) { min($0, members[$1].position) }
        let status = first.source.status
        if position == status.end { return .end }
        guard let hold = try first.memory.hold(PipelineRunner.readingBytes(of: status), mayPass: true) else {
            return .refused
        }
        let slice = try await first.source.read(from: position, maxBytes: PipelineRunner.sliceBytes)
        // From here on the members hold what they need.
        hold.release()
        let records = Array(slice.records.prefix(min(limit ?? .max, caution?.records ?? .max)))
        guard let last = records.last else { return .end }
        recordCount = records.count
        let readers = stream.filter { members[$0].position.record <= last.number }
        let waiting = limit == nil && caution == nil ? try await writeAtOnce(records, readers) : readers
        return try await writeInTurn(records, waiting, isBegun: waiting.count < readers.count)
    }

    /// Answers the members that there was no memory for.
    private mutating func writeAtOnce(_ records: [LogRecord], _ readers: [Int]) async throws -> [Int] {
        let isAlone = readers.count == 1
        // Each is taken out by whoever writes it, and let go part by part.
        let works = Mutex<[Int: PipelineRunner.Work]>([:])
        _ = try await each(readers) { member, index in
            do {
                if case .work(let work) = try await member.prepare(records, mayPass: isAlone) {
                    works.withLock { $0[index] = work }
                }
            } catch let error as SchedulingError where error.code == .memoryExhausted {
                // It comes when the others have written.
            }
        }
        let writers = works.withLock { works in readers.filter { works[$0] != nil } }
        if writers.isEmpty { return readers }
        isInsideSlice = true
        let rests = try await each(writers) { member, index -> PipelineRunner.Work? in
            guard let work = works.withLock({ $0.removeValue(forKey: index) }) else { return nil }
            return try await member.writeOn(work)
        }
        for (index, rest) in zip(writers, rests) {
            if let rest { try await members[index].writeRest(rest) }
        }
        return readers.filter { !writers.contains($0) }
    }

    /// One after the other: whoever waits here holds no slice, and may go on without memory of its own.
    private mutating func writeInTurn(
        _ records: [LogRecord], _ readers: [Int], isBegun: Bool
    ) async throws -> Reading {
        var isBegun = isBegun
        for index in readers {
            let slice = try await prepareInTurn(records, index, isBegun: isBegun)
            guard case .work(let work) = slice else { return .refused }
            isBegun = true
            isInsideSlice = true
            try await members[index].writeWhole(work)
        }
        isInsideSlice = false
        return .written
    }

    /// What others have written already is not given up at once because memory is short now. The pass is waited for as long as
    /// it takes: whoever has it gets on, or gives up. Memory for rows is not: those who have written may hold it.
    ///
    /// - Errors: `memoryExhausted`.
    private func prepareInTurn(
        _ records: [LogRecord], _ index: Int, isBegun: Bool
    ) async throws -> PipelineRunner.Slice {
        var pauses = 0
        while true {
            do {
                let slice = try await members[index].prepare(records, mayPass: true)
                if slice.refusedBytes == nil || !isBegun { return slice }
            } catch let error as SchedulingError where error.code == .memoryExhausted && isBegun {
                // What a function made of the events, or their text, found no room.
                if pauses >= PipelineRunner.mostMemoryPauses { throw error }
                pauses += 1
            }
            if isStopping { throw TransformStopped() }
            await pause(PipelineRunner.memoryPauseNanoseconds)
        }
    }

    /// Does something with several members at once; each is kept as it is afterwards, also where one throws.
    private mutating func each<Answer: Sendable>(
        _ indices: [Int], _ body: @escaping @Sendable (inout PipelineRunner, Int) async throws -> Answer
    ) async throws -> [Answer] {
        let results = await withTaskGroup(
            of: (index: Int, member: PipelineRunner, answer: Result<Answer, any Error>).self
        ) { group in
            for index in indices {
                let member = members[index]
                group.addTask {
                    var member = member
                    do {
                        let answer = try await body(&member, index)
                        return (index, member, .success(answer))
                    } catch {
                        return (index, member, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for result in results { members[result.index] = result.member }
        return try results.sorted { $0.index < $1.index }.map { try $0.answer.get() }
    }

    /// What one sink's policy asks for, all do.
    private func isCommitDue() async throws -> Bool {
        for member in members where try await member.isCommitDue() || member.isFlushReached { return true }
        return false
    }

    /// Lands everything written so far, of all members.
    mutating func commit() async throws {
        precondition(!isInsideSlice, "a commit covers whole slices")
        let started = members[0].context.clock.monotonicNanoseconds
        let id = UniqueID.random(from: members[0].context.randomness)
        let moved = try members.map { try $0.moved(by: id) }
        var moving: [Int] = []
        var parts: [ProgressCommit.Part] = []
        for (index, new) in moved.enumerated() {
            guard let new, let part = members[index].handOver(new) else { continue }
            moving.append(index)
            parts.append(part)
        }
        if parts.isEmpty { return }
        let landed = try await ProgressCommit(parts).land()
        for (index, progress) in zip(moving, landed) { members[index].noteCommit(progress, since: started) }
        for index in moving { try await members[index].settle() }
    }

    mutating func finish() async throws {
        if isInsideSlice { await abandon() } else { try await commit() }
    }

    mutating func abandon() async {
        for index in members.indices { await members[index].abandon() }
    }

    private var isStopping: Bool { members.contains { $0.control.isStopping } }

    private func pause(_ nanoseconds: Int64) async {
        await members[0].control.pause(nanoseconds: nanoseconds)
    }
}

/// Working through records that the process may have died of: of one stream at a time, so that none is blamed for another's.
extension TransactionRunner {
    private mutating func tryRecords(of stream: [Int]) async throws -> StepOutcome {
        var limit: Int?
        for index in stream {
            guard let trial = members[index].trial else { continue }
            switch trial.step(at: members[index].position.record) {
            case .over: try await members[index].closeTrial()
            case .poison(let record): throw members[index].poison(record)
            case .records(let most): limit = min(limit ?? .max, most ?? .max)
            }
        }
        guard let limit else { return .progressed }
        let turns = members[stream[0]].context.trials
        guard turns.take() else {
            await pause(PipelineRunner.turnPauseNanoseconds)
            return .progressed
        }
        defer { turns.giveBack() }
        do {
            if try await read(stream, trying: limit) == .written {
                try await commit()
            } else {
                await pause(PipelineRunner.turnPauseNanoseconds)
            }
        } catch {
            for index in stream { await members[index].withdraw() }
            throw error
        }
        return .progressed
    }
}
