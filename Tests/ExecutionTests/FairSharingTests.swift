import Columnar
import Effects
import Execution
import Kernels
import Plans
import Scheduling
import Synchronization
import Testing

/// Queries whose one morsel would take hours leave the thread to others.
@Suite("Queries that share a thread")
struct FairSharingTests {
    /// A clock on which every look takes a millisecond.
    private final class Ticking: Clock {
        private let ticks = Atomic<Int64>(0)
        var now: Instant { Instant(microseconds: monotonicNanoseconds / 1000) }
        var monotonicNanoseconds: Int64 { ticks.add(1, ordering: .relaxed).newValue * 1_000_000 }
    }

    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    private static func rows(_ count: Int) -> PhysicalPlan {
        .values(ValueRows(schema: Schema([Field("key", .int)]), rows: (0..<count).map { _ in [.int(1)] }))
    }

    /// 64 thousand million pairs of one batch of left rows, or as many rows without a partner to test.
    private static func endless(_ kind: JoinKind) -> PhysicalPlan {
        let keys = [column(0, .int)]
        let pairs = PhysicalPlan.join(
            Join(.inner, leftKeys: keys, rightKeys: keys), rows(4000), rows(4000))
        var join = Join(kind, leftKeys: keys, rightKeys: keys)
        if kind == .anti { join.residual = call(.less, [column(0, .int), column(2, .int)], .boolean) }
        return .aggregate(
            Aggregation(keys: [], calls: [AggregateCall(.countAll, [], type: .long)], names: ["n"]),
            .join(join, pairs, rows(4000)))
    }

    @Test("a small query is answered beside two that do not end, and these end when they are cancelled")
    func small() async throws {
        let world = World(memory: 1 << 30)
        let pool = MorselPool(threads: 1, clock: Ticking())
        func context() -> QueryContext {
            var context = world.context()
            context.morsels = pool
            context.token = CancellationToken()
            context.share = WorkShare(.query)
            return context
        }
        let large = try [JoinKind.inner, .anti].map { try Executor.run(Self.endless($0), in: context()) }
        let small = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for run in large {
                group.addTask {
                    await #expect {
                        _ = try await run.collect()
                    } throws: { error in
                        small.isSet.load(ordering: .relaxed)
                            && (error as? SchedulingError)?.code == .cancelled
                    }
                }
            }
            // Both have begun: each waits within its morsel for the other.
            while large.contains(where: { $0.profile.operators[2].rowCount == 0 }) { await Task.yield() }
            for _ in 0..<5 {
                let keys = [column(0, .int)]
                let join = PhysicalPlan.join(
                    Join(.inner, leftKeys: keys, rightKeys: keys), Self.rows(3), Self.rows(4))
                #expect(try await Executor.run(join, in: context()).collect().rowCount == 12)
            }
            small.isSet.store(true, ordering: .relaxed)
            for run in large { run.cancel() }
            try await group.waitForAll()
        }
        pool.stop()
        withExtendedLifetime(world) {}
    }

    @Test("a query past its deadline ends beside one that does not end")
    func deadline() async throws {
        let world = World(memory: 1 << 30)
        let clock = Ticking()
        let pool = MorselPool(threads: 1, clock: clock)
        func context() -> QueryContext {
            var context = world.context()
            context.morsels = pool
            context.token = CancellationToken()
            context.share = WorkShare(.query)
            return context
        }
        let large = try Executor.run(Self.endless(.inner), in: context())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await #expect(throws: SchedulingError.self) { _ = try await large.collect() } }
            while large.profile.operators[2].rowCount == 0 { await Task.yield() }
            let short = context()
            short.token.giveUp(atNanoseconds: clock.monotonicNanoseconds + 100_000_000, on: clock)
            await #expect {
                _ = try await Executor.run(Self.endless(.anti), in: short).collect()
            } throws: { ($0 as? SchedulingError)?.code == .deadlineExceeded }
            large.cancel()
            try await group.waitForAll()
        }
        pool.stop()
        withExtendedLifetime(world) {}
    }
}
