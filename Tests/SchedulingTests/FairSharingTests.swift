import Glibc
import Scheduling
import Synchronization
import TestKit
import Testing

/// Long morsels give way, by the pool's own clock: time passes only where a morsel says so.
@Suite("Sharing of threads")
struct FairSharingTests {
    /// Steps of ten milliseconds, each an occasion to give way, that two large queries made.
    private final class Steps: Sendable {
        let first = Atomic<Int>(0)
        let second = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
        /// Large queries that have had the thread.
        let begun = Atomic<Int>(0)
        /// After how many steps a small query was asked, and answered.
        let asked = Atomic<Int>(-1)
        let answered = Atomic<Int>(-1)
        /// A broken pool must fail the test, not hang it.
        static let limit = 10_000

        var total: Int { first.load(ordering: .relaxed) + second.load(ordering: .relaxed) }
    }

    /// What several morsels count together.
    private final class Tally: Sendable {
        let computing = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        let steps = Atomic<Int>(0)
        let order = Mutex<[Int]>([])
    }

    @Test("a small query beside two large ones is served within three slices")
    func small() async throws {
        let clock = ManualClock()
        let pool = MorselPool(threads: 1, clock: clock)
        defer { pool.stop() }
        let steps = Steps()
        @Sendable func work(isFirst: Bool) {
            // Steps count once both are there: the second may be late on a machine with much to do.
            steps.begun.add(1, ordering: .relaxed)
            for _ in 0..<1_000_000 where steps.begun.load(ordering: .relaxed) < 2 {
                clock.advance(microseconds: 10_000)
                MorselPool.giveWay()
                sched_yield()
            }
            while !steps.isOver.load(ordering: .relaxed), steps.total < Steps.limit {
                clock.advance(microseconds: 10_000)
                if isFirst {
                    steps.first.add(1, ordering: .relaxed)
                } else {
                    steps.second.add(1, ordering: .relaxed)
                }
                if steps.total == 100 {
                    steps.asked.store(steps.total, ordering: .relaxed)
                    pool.submit(
                        priority: .query,
                        {
                            steps.answered.store(steps.total, ordering: .relaxed)
                            steps.isOver.store(true, ordering: .relaxed)
                        }, refused: { Issue.record($0) })
                }
                MorselPool.giveWay()
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run(share: WorkShare(.query)) { work(isFirst: true) } }
            group.addTask { try await pool.run(share: WorkShare(.query)) { work(isFirst: false) } }
            try await group.waitForAll()
        }
        let asked = steps.asked.load(ordering: .relaxed)
        let waited = steps.answered.load(ordering: .relaxed) - asked
        #expect(asked == 100 && (0...6).contains(waited), "\(waited) steps")
        // The large ones had the thread in turns meanwhile, although each is one morsel.
        #expect(steps.first.load(ordering: .relaxed) >= 40 && steps.second.load(ordering: .relaxed) >= 40)
    }

    @Test("no more morsels compute at a time than there are threads, however many have paused")
    func bound() async throws {
        let clock = ManualClock()
        let pool = MorselPool(threads: 2, clock: clock)
        defer { pool.stop() }
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                let share = WorkShare(.query)
                group.addTask {
                    try await pool.run(share: share) {
                        for _ in 0..<10 {
                            let now = tally.computing.add(1, ordering: .acquiringAndReleasing).newValue
                            tally.most.max(now, ordering: .relaxed)
                            clock.advance(microseconds: 15_000)
                            tally.computing.subtract(1, ordering: .acquiringAndReleasing)
                            MorselPool.giveWay()
                        }
                        tally.steps.add(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(tally.steps.load(ordering: .relaxed) == 200)
        #expect((1...2).contains(tally.most.load(ordering: .relaxed)))
    }

    @Test("morsels of one query do not pause for each other")
    func oneShare() async throws {
        let clock = ManualClock()
        let pool = MorselPool(threads: 1, clock: clock)
        defer { pool.stop() }
        let share = WorkShare(.query)
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask {
                    try await pool.run(share: share) {
                        for _ in 0..<5 {
                            tally.order.withLock { $0.append(number) }
                            clock.advance(microseconds: 30_000)
                            MorselPool.giveWay()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let runs = tally.order.withLock { $0 }
        #expect(runs.count == 15)
        #expect(zip(runs, runs.dropFirst()).count { $0 != $1 } == 2, "\(runs)")
    }

    @Test("what has paused goes on when the pool is stopped")
    func stopped() async throws {
        let clock = ManualClock()
        let pool = MorselPool(threads: 1, clock: clock)
        let tally = Tally()
        await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                let share = WorkShare(.query)
                group.addTask {
                    try await pool.run(share: share) {
                        for step in 0..<20 {
                            tally.steps.add(1, ordering: .relaxed)
                            if step == 10 { pool.stop() }
                            clock.advance(microseconds: 25_000)
                            MorselPool.giveWay()
                        }
                    }
                }
            }
            var refused = 0
            while let result = await group.nextResult() {
                if case .failure(let error) = result {
                    #expect((error as? SchedulingError)?.code == .stopped)
                    refused += 1
                }
            }
            #expect(tally.steps.load(ordering: .relaxed) == (8 - refused) * 20)
        }
    }
}
