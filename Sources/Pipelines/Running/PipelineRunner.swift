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

/// Carries one stream's records into one sink, exactly once.
///
/// Everything between two commits can be lost and done again: the log still has it, and nobody has seen the files. A
/// commit moves the table, the rejects, the counters and the progress in one transaction.
struct PipelineRunner {
    /// What a step found to do.
    enum Outcome: Equatable {
        /// Something was committed, or there is more to read.
        case progressed
        /// Nothing to do before the log grows, somebody calls, or the monotonic time given.
        case idle(until: Int64?)
    }

    /// About this much is read and prepared at once.
    private static let sliceBytes = 4 << 20
    /// Reserved before it is known how much there is.
    private static let leastBytes = 64 << 10
    private static let memoryPauseNanoseconds: Int64 = 50_000_000

    let context: RunnerContext
    let control: RunnerControl
    private(set) var progress: PipelineProgress
    /// Behind the last event that is written to the open files.
    private(set) var position: LogOffset
    private var endEvent: Int64
    private var counts = PipelineCounts()
    private var files: (any SinkFiles)?
    private var timing: CommitTiming
    /// Nil while all is as always.
    private var trial: RecordTrial?

    /// Takes the pipeline over and begins where its progress stands.
    static func start(_ context: RunnerContext, control: RunnerControl) async throws -> PipelineRunner {
        let (progress, suspects) = try await context.metastore.write { transaction in
            (
                try ProgressRows.claim(context.key, transaction),
                try TrialRows.suspects(context.key, transaction)
            )
        }
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
    mutating func step() async throws -> Outcome {
        if let trial { return try await step(trial) }
        let context = self.context
        var slice = try await Self.prepare(context, from: position, mayPass: true)
        let isRefused = slice.isRefused
        while case .records(let current, let hold) = slice {
            // The next records are parsed while these are written, if there is memory for both.
            async let following = Self.prepare(context, from: current.next, mayPass: false)
            try await write(current)
            hold.release()
            // While producers keep the log growing its end is never reached: whoever waits is served on the way.
            if try await isCommitDue() || isFlushReached { try await commit() }
            slice = try await following
            if control.isStopping { break }
        }
        if try await isCommitDue() || isFlushReached { try await commit() }
        if isRefused { await control.pause(nanoseconds: Self.memoryPauseNanoseconds) }
        if !slice.isEnd { return .progressed }
        return .idle(until: timing.deadline)
    }

    mutating func endTrial() { trial = nil }

    enum Slice {
        case records(PreparedRecords, SliceHold)
        case end
        /// There is more, and no memory for it now.
        case refused

        var isEnd: Bool { if case .end = self { true } else { false } }
        var isRefused: Bool { if case .refused = self { true } else { false } }
    }

    /// `mayPass` where the runner holds no other slice; at most `limit` records, `noting` them before they are parsed.
    static func prepare(
        _ context: RunnerContext, from position: LogOffset, mayPass: Bool, limit: Int? = nil,
        noting: ((Range<Int64>) async throws -> Void)? = nil
    ) async throws -> Slice {
        let status = context.source.status
        if position == status.end { return .end }
        let expected = min(sliceBytes, max(leastBytes, status.unlandedBytes))
        guard let hold = try context.memory.hold(bodyBytes: expected, mayPass: mayPass) else {
            return .refused
        }
        let slice = try await context.source.read(from: position, maxBytes: sliceBytes)
        guard let first = slice.records.first else { return .end }
        let records = Array(slice.records.prefix(limit ?? Int.max))
        let bodyBytes = records.reduce(0) { $0 + $1.append.body.count }
        guard try hold.resize(bodyBytes: bodyBytes, mayPass: mayPass) else { return .refused }
        try await noting?(first.number..<first.number + Int64(records.count))
        let prepared = try await context.pool.run(priority: .pipeline) {
            if context.planted.has(.recordEndsProcess) { PoisonRecord.endProcess(in: records) }
            return try context.preparation.prepare(records)
        }
        return .records(prepared, hold)
    }

    mutating func write(_ prepared: PreparedRecords) async throws {
        let files = try await openFiles()
        for batch in prepared.batches { try await files.write(batch) }
        if !prepared.rejects.isEmpty, !context.planted.has(.rejectsDropped) {
            try await files.reject(prepared.rejects)
        }
        counts += prepared.counts
        position = prepared.next
        endEvent = prepared.endEvent
        timing.noteEvents(bodyBytes: prepared.bodyBytes, at: context.clock.monotonicNanoseconds)
    }

    private mutating func openFiles() async throws -> any SinkFiles {
        if let files { return files }
        let opened = try await context.sink.open(expecting: progress.tableUUID)
        files = opened
        return opened
    }

    /// Something is written that lands a place somebody waits for.
    private var isFlushReached: Bool {
        guard files != nil, let target = control.flushTarget else { return false }
        return position >= target
    }

    private func isCommitDue() async throws -> Bool {
        guard let files else { return false }
        return timing.isDue(
            writtenBytes: await files.writtenBytes, at: context.clock.monotonicNanoseconds)
    }

    /// Lands everything written so far.
    mutating func commit() async throws {
        guard let files else { return }
        let started = context.clock.monotonicNanoseconds
        let id = UniqueID.random(from: context.randomness)
        var new = progress
        new.next = position
        new.landedEvent = endEvent
        new.commitID = id
        new.counts += counts
        guard new.isBalanced else {
            throw PipelinesError(
                .corrupt, "the pipeline's counters do not add up",
                ["landed": new.landedEvent - new.startEvent, "counted": new.counts.events])
        }
        if context.planted.has(.trimBeforeCommit) {
            try context.source.advance(consumer: context.consumer, to: new.next)
        }
        self.files = nil
        progress = try await ProgressCommit(context: context, old: progress, new: new).land(files)
        counts = PipelineCounts()
        timing.reset()
        context.metrics.record(progress: progress, nanoseconds: context.clock.monotonicNanoseconds - started)
        try context.source.advance(consumer: context.consumer, to: progress.next)
        control.noteLanded(progress.next)
    }

    /// Gives up what is not committed.
    mutating func abandon() async {
        await files?.abandon()
        files = nil
    }
}
