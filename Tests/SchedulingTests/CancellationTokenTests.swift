import Scheduling
import Synchronization
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
