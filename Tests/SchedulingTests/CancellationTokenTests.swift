import Effects
import Scheduling
import Synchronization
import TestKit
import Testing

@Suite("CancellationToken")
struct CancellationTokenTests {
    @Test("a handler runs once, also when the token is already cancelled")
    func handlersRunOnce() {
        let token = CancellationToken()
        let calls = Atomic<Int>(0)
        _ = token.onCancel { calls.add(1, ordering: .relaxed) }
        let removed = token.onCancel { calls.add(100, ordering: .relaxed) }
        token.removeHandler(removed)
        token.cancel()
        token.cancel()
        _ = token.onCancel { calls.add(10, ordering: .relaxed) }
        #expect(calls.load(ordering: .relaxed) == 11)
        #expect(throws: SchedulingError.self) { try token.check() }
    }

    @Test("a deadline cancels for whoever looks when it is past, and says so")
    func deadlines() {
        let clock = ManualClock()
        let token = CancellationToken()
        let calls = Atomic<Int>(0)
        _ = token.onCancel { calls.add(1, ordering: .relaxed) }
        token.giveUp(atNanoseconds: clock.monotonicNanoseconds + 5_000, on: clock)
        // A later one does not lift the first.
        token.giveUp(atNanoseconds: clock.monotonicNanoseconds + 50_000, on: clock)
        #expect(!token.isCancelled && token.reason == nil)
        clock.advance(microseconds: 6)
        #expect(token.isCancelled && token.reason?.code == .deadlineExceeded)
        token.cancel()
        #expect(token.reason?.code == .deadlineExceeded && calls.load(ordering: .relaxed) == 1)
    }

    @Test("a long computation on the pool stops when its token is cancelled, and says why")
    func interruption() async throws {
        let pool = MorselPool(threads: 1)
        defer { pool.stop() }
        let token = CancellationToken()
        let isRunning = Atomic<Bool>(false)
        struct Stopped: Error {}
        let work = Task {
            try await pool.run(share: WorkShare(.query), for: token) {
                isRunning.store(true, ordering: .releasing)
                while !Interruption.isPending {}
                throw Stopped()
            }
        }
        while !isRunning.load(ordering: .acquiring) { await Task.yield() }
        token.cancel()
        let fault = await #expect(throws: SchedulingError.self) { try await work.value }
        #expect(fault?.code == .cancelled)
        #expect(try await pool.run(priority: .query) { Interruption.isPending } == false)
    }
}

@Suite("IOPool")
struct IOPoolTests {
    @Test("runs jobs off the cooperative pool and hands back results and errors")
    func runs() async throws {
        let pool = IOPool(name: "test", threads: 2)
        defer { pool.stop() }
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...100 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(total == 5050)
        await #expect(throws: SchedulingError.self) {
            try await pool.run { throw SchedulingError(.cancelled, "x") }
        }
    }

    @Test("refuses work after it was stopped")
    func refuses() async {
        let pool = IOPool(name: "test", threads: 1)
        pool.stop()
        await #expect(throws: SchedulingError.self) { try await pool.run { 1 } }
    }
}
