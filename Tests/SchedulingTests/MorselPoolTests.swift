import Scheduling
import Synchronization
import Telemetry
import Testing

struct MorselPoolTests {
    @Test func answersComeBackAndErrorsToo() async throws {
        let pool = MorselPool(threads: 2)
        defer { pool.stop() }
        #expect(try await pool.run(priority: .query) { 6 * 7 } == 42)
        await #expect(throws: SchedulingError.self) {
            try await pool.run(priority: .query) { throw SchedulingError(.cancelled, "no") }
        }
    }

    @Test func maintenanceIsNotStarvedByQueries() async throws {
        let pool = MorselPool(threads: 1)
        defer { pool.stop() }
        let order = Mutex<[Int]>([])
        let gate = Mutex(())
        try await withThrowingTaskGroup(of: Void.self) { group in
            // One job holds the only thread until all others are queued, so their order is the pool's choice.
            let queued = Atomic<Int>(0)
            pool.submit(
                priority: .query, { while queued.load(ordering: .acquiring) < 64 { gate.withLock { _ in } } },
                refused: { _ in Issue.record("refused") })
            for index in 0..<64 {
                let priority: WorkPriority = index < 60 ? .query : .maintenance
                pool.submit(
                    priority: priority, { order.withLock { $0.append(priority.rawValue) } },
                    refused: { _ in Issue.record("refused") })
                queued.add(1, ordering: .releasing)
            }
            group.addTask { try await pool.run(priority: .maintenance) {} }
            try await group.waitForAll()
        }
        let taken = order.withLock { $0 }
        let firstMaintenance = try #require(taken.firstIndex(of: WorkPriority.maintenance.rawValue))
        #expect(firstMaintenance < 17)
        #expect(taken.prefix(firstMaintenance).count >= 8)
    }

    @Test func aFullQueueRefuses() async throws {
        let metrics = MetricsRegistry()
        let pool = MorselPool(threads: 1, queueLimit: 2, metrics: metrics)
        let release = Atomic<Bool>(false)
        let refused = Atomic<Int>(0)
        for _ in 0..<8 {
            pool.submit(
                priority: .pipeline, { while !release.load(ordering: .acquiring) {} },
                refused: {
                    #expect($0.code == .queueFull)
                    refused.add(1, ordering: .relaxed)
                })
        }
        #expect(refused.load(ordering: .relaxed) >= 5)
        release.store(true, ordering: .releasing)
        pool.stop()
        await #expect(throws: SchedulingError.self) { try await pool.run(priority: .query) {} }
    }
}

@Suite struct PoolRetentionTests {
    private final class Buffer: Sendable {}

    /// Else the threads of every pool that a test, or a catalog, once had would stay until the process ends.
    @Test func aPoolThatNobodyHasIsGone() async throws {
        weak var files: IOPool?
        weak var morsels: MorselPool?
        do {
            let pool = IOPool(name: "gone", threads: 2)
            files = pool
            try await pool.run {}
            let second = MorselPool(threads: 2)
            morsels = second
            try await second.run(priority: .query) {}
        }
        #expect(files == nil && morsels == nil)
    }

    @Test func aFinishedJobHoldsNothing() async throws {
        let morsels = MorselPool(threads: 1)
        let files = IOPool(name: "retention", threads: 1)
        weak var first: Buffer?
        weak var second: Buffer?
        do {
            let buffer = Buffer()
            first = buffer
            _ = try await morsels.run(priority: .query) { ObjectIdentifier(buffer) }
        }
        do {
            let buffer = Buffer()
            second = buffer
            _ = try await files.run { ObjectIdentifier(buffer) }
        }
        // The threads have let go of the last job once they have done another.
        try await morsels.run(priority: .query) {}
        try await files.run {}
        #expect(first == nil && second == nil)
        morsels.stop()
        files.stop()
    }
}
