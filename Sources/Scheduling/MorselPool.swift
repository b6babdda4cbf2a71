package import Effects
import Foundation
import Synchronization
package import Telemetry

/// Whose work goes first on the morsel pool.
package enum WorkPriority: Int, Sendable, CaseIterable {
    /// Somebody waits for an answer.
    case query
    /// Events wait to land.
    case pipeline
    /// Nobody waits.
    case maintenance
}

/// The threads, one a core, on which every query, pipeline and maintenance computes.
///
/// A job is a morsel: pure computation that never blocks and never waits for another morsel. Whose turn is next is the
/// `MorselQueue`'s to say: by priority, then by share. A morsel that computes for long calls `giveWay`, and pauses where
/// others have had less.
///
/// - Order: first in, first out within a share.
/// - Errors: `SCH-201` when a priority's queue is at its bound, `SCH-301` after `stop`, and what the body throws.
package final class MorselPool: Sendable {
    /// A morsel computes for so long before others may go first.
    static let sliceNanoseconds: Int64 = 20_000_000
    /// Each paused morsel keeps a thread and what it holds; beyond so many, morsels run on to their end.
    static let pausedLimit = 64

    private let turns: MorselTurns
    /// In the place of threads, where there are none.
    private let hand: IOPool.Hand?
    /// For work that has no share of its own.
    private let common = WorkPriority.allCases.map { WorkShare($0) }
    /// How many morsels can run at the same time.
    package let threadCount: Int

    package init(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, queueLimit: Int = 65_536,
        clock: any Clock = LiveClock(), metrics: MetricsRegistry = MetricsRegistry()
    ) {
        precondition(threads > 0)
        threadCount = threads
        hand = nil
        turns = MorselTurns(threads: threads, queueLimit: queueLimit, clock: clock, metrics: metrics)
        turns.start()
    }

    /// Without threads of its own: whoever simulates a process decides when, and in which order, morsels run.
    package init(handing hand: @escaping IOPool.Hand) {
        threadCount = 1
        self.hand = hand
        turns = MorselTurns(threads: 1, queueLimit: 1, clock: LiveClock(), metrics: MetricsRegistry())
    }

    deinit { turns.stop() }

    /// Lets morsels that had less time compute before the one on this thread goes on; does nothing elsewhere.
    ///
    /// - Threads: the caller holds no lock that another morsel may want before this one goes on.
    /// - Cost: some tens of nanoseconds until the slice is over.
    package static func giveWay() {
        guard let running = RunningMorsel.current else { return }
        running.turns.giveWay(running)
    }

    /// How long the morsel on this thread has paused since it began: no time of its own.
    package static var pausedNanoseconds: Int64 {
        RunningMorsel.current?.pausedNanoseconds.load(ordering: .relaxed) ?? 0
    }

    /// Computes `body` on one of the threads; the caller's cooperative thread is free meanwhile.
    package func run<Result: Sendable>(
        share: WorkShare, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                share: share, { continuation.resume(with: Swift.Result { try body() }) },
                refused: { continuation.resume(throwing: $0) })
        }
    }

    /// As `run(share:)`, in the share that all such work of a priority has together.
    package func run<Result: Sendable>(
        priority: WorkPriority, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await run(share: common[priority.rawValue], body)
    }

    /// Queues `job`; calls `refused` instead when it cannot.
    package func submit(
        priority: WorkPriority, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        submit(share: common[priority.rawValue], job, refused: refused)
    }

    private func submit(
        share: WorkShare, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        if let hand { hand(job) } else { turns.submit(share: share, job, refused: refused) }
    }

    /// Lets queued jobs finish, then ends the threads. A pool that nobody has any more does the same.
    package func stop() { turns.stop() }
}
