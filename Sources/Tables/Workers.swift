import Scheduling

/// Where long computations run: on a pool, or on the thread that asks.
struct Workers: Sendable {
    let pool: MorselPool?
    let priority: WorkPriority

    init(_ pool: (MorselPool, WorkPriority)?) {
        self.pool = pool?.0
        priority = pool?.1 ?? .query
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        if let pool { return try await pool.run(priority: priority, body) }
        return try body()
    }

    /// Smaller input is worked on where it is: handing it over costs more.
    private static let smallBytes = 32 << 10

    /// As the other, for work on about `size` bytes.
    func run<Result: Sendable>(
        size: Int, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        size < Self.smallBytes ? try body() : try await run(body)
    }
}
