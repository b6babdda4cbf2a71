package import Scheduling

/// Where long computations run: on a pool, or on the thread that asks.
package struct Workers: Sendable {
    let pool: MorselPool?
    let priority: WorkPriority
    /// Told how long they took; nil where nobody asks.
    private let meter: (any WorkMeter)?

    package init(_ pool: (MorselPool, WorkPriority)?, meter: (any WorkMeter)? = nil) {
        self.pool = pool?.0
        priority = pool?.1 ?? .query
        self.meter = meter
    }

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard let pool else { return try timed(body) }
        return try await pool.run(priority: priority) { try timed(body) }
    }

    /// Smaller input is worked on where it is: handing it over costs more.
    private static let smallBytes = 32 << 10

    /// As the other, for work on about `size` bytes.
    func run<Result: Sendable>(
        size: Int, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        size < Self.smallBytes ? try timed(body) : try await run(body)
    }

    private func timed<Result>(_ body: () throws -> Result) throws -> Result {
        guard let meter else { return try body() }
        return try meter.timed(body)
    }
}
