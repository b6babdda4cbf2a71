import Effects
import Faults
import JSONText
import Metastore
import Scheduling
import Streams
import Telemetry

/// What a runner works with, for as long as the pipeline exists.
struct RunnerContext: Sendable {
    let key: ProgressKey
    let pipelineName: String
    let source: StreamLog
    let preparation: RecordPreparation
    let sink: any SinkTable
    let policy: RollingPolicy
    let metastore: Metastore
    let clock: any Clock
    let randomness: any Randomness
    let pool: MorselPool
    let memory: SliceMemory
    let trials: TrialTurns
    let planted: PlantedBugs
    let log: Log
    let metrics: PipelineMetrics

    var consumer: String { key.consumer }
}

/// Carries one stream's records into one sink, exactly once; by itself, or as a member of a `TransactionRunner`.
///
/// Everything between two commits can be lost and done again: the log still has it, and nobody has seen the files. A
/// commit moves the table, the rejects, the counters and the progress in one transaction.
struct PipelineRunner: StatementsRunner {
    /// About this much is read and prepared at once.
    static let sliceBytes = 4 << 20
    /// Reserved before it is known how much there is.
    private static let leastBytes = 64 << 10
    static let memoryPauseNanoseconds: Int64 = 50_000_000
    /// So many pauses amidst a slice: then everything is given up, because others may wait for what this one holds.
    static let mostMemoryPauses = 10

    let context: RunnerContext
    let control: RunnerControl
    private(set) var progress: PipelineProgress
    /// Behind the last event that is written to the open files.
    private(set) var position: LogOffset
    private var endEvent: Int64
    private var counts = PipelineCounts()
    private var files: (any SinkFiles)?
    private var timing: CommitTiming
    /// The files hold rows of records that are not written to their end: nothing to commit.
    private(set) var isInsideRecords = false
    /// What the slice that was refused last takes.
    private var refusedBytes: Int?
    /// Nil while all is as always.
    private(set) var trial: RecordTrial?

    /// Takes the statement over and begins where its progress stands.
    static func start(_ context: RunnerContext, control: RunnerControl) async throws -> PipelineRunner {
        try await start([(context, control)])[0]
    }

    /// Takes statements over in one transaction: nobody owns some of them.
    static func start(
        _ statements: [(context: RunnerContext, control: RunnerControl)]
    ) async throws -> [PipelineRunner] {
        guard let first = statements.first?.context else { return [] }
        let claims = statements.map { statement in
            (statement.context.key, UniqueID.random(from: first.randomness))
        }
        let owned = try await first.metastore.write { transaction in
            try claims.map { key, run in
                (try ProgressRows.claim(key, run: run, transaction), try TrialRows.suspects(key, transaction))
            }
        }
        for (statement, (progress, _)) in zip(statements, owned) {
            // What an earlier commit promised is seen before the log may let go of what it was made of.
            try await statement.context.sink.settle()
            try await statement.context.sink.check(for: progress)
        }
        return try zip(statements, owned).map { statement, owned in
            try begin(statement.context, statement.control, at: owned.0, suspects: owned.1)
        }
    }

    private static func begin(
        _ context: RunnerContext, _ control: RunnerControl, at progress: PipelineProgress,
        suspects: RecordTrial.Suspects?
    ) throws -> PipelineRunner {
        _ = try context.source.register(consumer: context.consumer, landed: progress.next)
        context.source.listen(consumer: context.consumer) { control.wake() }
        control.noteStarted(at: progress.next)
        let trial = RecordTrial(
            isCareful: context.trials.isCareful, suspects: suspects, next: progress.next.record,
            logEnd: context.source.status.end.record)
        return PipelineRunner(context, control: control, progress: progress, trial: trial)
    }

    private init(
        _ context: RunnerContext, control: RunnerControl, progress: PipelineProgress, trial: RecordTrial?
    ) {
        self.trial = trial
        self.context = context
        self.control = control
        self.progress = progress
        position = progress.next
        if context.planted.has(.replayLastRecord), position.record > 0 { position.record -= 1 }
        endEvent = progress.landedEvent
        timing = CommitTiming(policy: context.policy)
    }

    /// Reads, writes and commits until there is nothing more to do now.
    mutating func step() async throws -> StepOutcome {
        if let trial { return try await step(trial) }
        do { return try await readOn() } catch let error as SchedulingError
            where error.code == .memoryExhausted && !isInsideRecords && files != nil
        {
            // What is written holds memory too. Landed, it gives that back, and nothing is read twice.
            try await commit()
            await control.pause(nanoseconds: Self.memoryPauseNanoseconds)
            return .progressed
        }
    }

    private mutating func readOn() async throws -> StepOutcome {
        let context = self.context
        var slice = try await Self.prepare(context, from: position, mayPass: true, expecting: refusedBytes)
        refusedBytes = slice.refusedBytes
        let isRefused = refusedBytes != nil
        var pauses = 0
        while case .work(let work) = slice {
            try await makeRoom(for: work, after: &pauses)
            // What comes next is prepared while this is written: of the next records, if there is memory for both.
            async let following = Self.following(context, work)
            try await write(work)
            // While producers keep the log growing its end is never reached: whoever waits is served on the way.
            if !isInsideRecords, try await isCommitDue() || isFlushReached { try await commit() }
            slice = try await following
            if control.isStopping, !isInsideRecords { break }
        }
        refusedBytes = slice.refusedBytes
        if try await isCommitDue() || isFlushReached || slice.isEnd && context.source.lacksRoom {
            try await commit()
        }
        if isRefused { await control.pause(nanoseconds: Self.memoryPauseNanoseconds) }
        if !slice.isEnd { return .progressed }
        return .idle(until: timing.deadline)
    }

    mutating func endTrial() { trial = nil }

    /// A part of a slice that is to be written, and how the slice goes on.
    struct Work: Sendable {
        var part: PreparedPart
        /// Behind the part.
        var reading: RecordReading
        /// Of the whole slice.
        var hold: SliceHold
    }

    enum Slice {
        case work(Work)
        case end
        /// There is more, and no memory for it now.
        case refused(bytes: Int)

        var isEnd: Bool { if case .end = self { true } else { false } }
        var refusedBytes: Int? { if case .refused(let bytes) = self { bytes } else { nil } }
    }

    private static func following(_ context: RunnerContext, _ work: Work) async throws -> Slice {
        guard work.reading.isEnd else { return .work(try await advance(context, work.reading, work.hold)) }
        return try await prepare(context, from: work.reading.next, mayPass: false)
    }

    static func advance(
        _ context: RunnerContext, _ reading: RecordReading, _ hold: SliceHold
    ) async throws -> Work {
        try await context.pool.run(priority: .pipeline) {
            var reading = reading
            let part = try reading.nextPartThatFits()
            return Work(part: part, reading: reading, hold: hold)
        }
    }

    /// Reads the next records and prepares their first part. `mayPass` where the runner holds no other slice; at most
    /// `limit` records, `noting` them before they are parsed.
    static func prepare(
        _ context: RunnerContext, from position: LogOffset, mayPass: Bool, expecting bytes: Int? = nil,
        limit: Int? = nil, noting: ((Range<Int64>) async throws -> Void)? = nil
    ) async throws -> Slice {
        let status = context.source.status
        if position == status.end { return .end }
        let expected = bytes ?? 2 * readingBytes(of: status)
        guard let hold = try context.memory.hold(expected, mayPass: mayPass) else {
            return .refused(bytes: expected)
        }
        let slice = try await context.source.read(from: position, maxBytes: sliceBytes)
        let records = Array(slice.records.prefix(limit ?? Int.max))
        if records.isEmpty { return .end }
        return try await prepare(context, records, in: hold, mayPass: mayPass, noting: noting)
    }

    /// What the bodies of the next slice may take.
    static func readingBytes(of status: LogStatus) -> Int {
        min(sliceBytes, max(leastBytes, status.unlandedBytes))
    }

    /// Prepares the first part of records that are read.
    static func prepare(
        _ context: RunnerContext, _ records: [LogRecord], in hold: SliceHold, mayPass: Bool,
        noting: ((Range<Int64>) async throws -> Void)? = nil
    ) async throws -> Slice {
        let needed = context.preparation.memoryBytes(for: records)
        guard try hold.resize(to: needed, mayPass: mayPass) else { return .refused(bytes: needed) }
        let first = records[0].number
        try await noting?(first..<first + Int64(records.count))
        if context.planted.has(.recordEndsProcess) { PoisonRecord.endProcess(in: records) }
        let reading = try RecordReading(records, context.preparation)
        let work = try await advance(context, reading, hold)
        guard let refusal = work.part.refusal else { return .work(work) }
        // What the hold takes may be what the rows lack.
        guard mayPass, hold.pass() else { throw refusal }
        let again = try await advance(context, try RecordReading(records, context.preparation), hold)
        if let refusal = again.part.refusal { throw refusal }
        return .work(again)
    }

    /// Prepares what this statement has not read of some records, noting them where a trial asks for it.
    func prepare(_ records: [LogRecord], mayPass: Bool) async throws -> Slice {
        let rest = Array(records.drop { $0.number < position.record })
        if rest.isEmpty { return .end }
        let needed = context.preparation.memoryBytes(for: rest)
        guard let hold = try context.memory.hold(needed, mayPass: mayPass) else {
            return .refused(bytes: needed)
        }
        guard trial != nil else { return try await Self.prepare(context, rest, in: hold, mayPass: mayPass) }
        return try await Self.prepare(context, rest, in: hold, mayPass: mayPass, noting: noteTrial)
    }

    mutating func write(_ work: Work) async throws {
        FaultPoints.pass(.recordsPrepared)
        isInsideRecords = true
        let files = try await openFiles()
        for batch in work.part.batches { try await files.write(batch) }
        if !work.part.rejects.isEmpty, !context.planted.has(.rejectsDropped) {
            try await files.reject(work.part.rejects)
        }
        counts += work.part.counts
        for hold in work.part.holds { try hold.shrink(to: 0) }
        guard work.reading.isEnd || context.planted.has(.commitInsideRecord) else { return }
        isInsideRecords = false
        work.hold.release()
        position = context.planted.has(.placeAtLogEnd) ? context.source.status.end : work.reading.next
        endEvent = work.reading.endEvent
        timing.noteEvents(logBytes: work.reading.logBytes, at: context.clock.monotonicNanoseconds)
    }

    private mutating func openFiles() async throws -> any SinkFiles {
        if let files { return files }
        let opened = try await context.sink.open(for: progress)
        files = opened
        return opened
    }

    /// Something is written that lands a place somebody waits for.
    var isFlushReached: Bool {
        guard files != nil, let target = control.flushTarget else { return false }
        return position >= target
    }

    func isCommitDue() async throws -> Bool {
        guard let files else { return false }
        return timing.isDue(
            writtenBytes: await files.writtenBytes, writtenRows: counts.sinkRows,
            landingBytes: context.source.landingBytes,
            at: context.clock.monotonicNanoseconds)
    }

    /// When the policy asks for a commit, if no more events come.
    var deadline: Int64? { timing.deadline }

    var hasFiles: Bool { files != nil }

    /// Lands what is written when the runner stops; of records that it stopped amidst, nothing.
    mutating func finish() async throws {
        if isInsideRecords { await abandon() } else { try await commit() }
    }

    /// Lands everything written so far.
    mutating func commit() async throws {
        let started = context.clock.monotonicNanoseconds
        guard let new = try moved(by: UniqueID.random(from: context.randomness)),
            let part = handOver(new)
        else { return }
        noteCommit(try await ProgressCommit([part]).land()[0], since: started)
        try await settle()
    }

    /// The progress behind everything written so far; nil when that is nothing.
    func moved(by commitID: UniqueID) throws -> PipelineProgress? {
        precondition(!isInsideRecords, "a commit covers whole records")
        guard files != nil else { return nil }
        var new = progress
        new.next = position
        new.landedEvent = endEvent
        new.commitID = commitID
        new.counts += counts
        guard new.isBalanced else {
            throw PipelinesError(
                .corrupt, "the pipeline's counters do not add up",
                ["landed": new.landedEvent - new.startEvent, "counted": new.counts.events])
        }
        if context.planted.has(.trimBeforeCommit) {
            try context.source.advance(consumer: context.consumer, to: new.next)
        }
        return new
    }

    /// From now on the files are the commit's.
    mutating func handOver(_ new: PipelineProgress) -> ProgressCommit.Part? {
        files.take().map { ProgressCommit.Part(context: context, old: progress, new: new, files: $0) }
    }

    mutating func noteCommit(_ landed: PipelineProgress, since started: Int64) {
        progress = landed
        counts = PipelineCounts()
        timing.reset()
        context.metrics.retries.set(0)
        context.metrics.record(nanoseconds: context.clock.monotonicNanoseconds - started)
    }

    /// Shows what the commit promised, and tells those who wait for it.
    func settle() async throws {
        try await context.sink.settle()
        try context.source.advance(consumer: context.consumer, to: progress.next)
        control.noteLanded(progress.next)
    }

    /// Begins again behind what is committed.
    mutating func rewind() async {
        await abandon()
        isInsideRecords = false
        position = progress.next
        endEvent = progress.landedEvent
        counts = PipelineCounts()
        timing.reset()
    }

    /// Gives up what is not committed.
    mutating func abandon() async {
        await files?.abandon()
        files = nil
    }
}
