import Scheduling

/// Threads for parsing and writing large metadata, which would keep Swift's cooperative pool from everything else.
package final class CatalogWork: Sendable {
    /// Below, handing work over costs more than it saves: about a millisecond of parsing.
    private static let smallBytes = 64 << 10
    private let pool = IOPool(name: "catalog-work", threads: 2)

    deinit { pool.stop() }

    /// Runs `body`, which works on about `size` bytes, here when they are few.
    package func run<Result: Sendable>(
        size: Int, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        if size < Self.smallBytes { return try body() }
        return try await pool.run(body)
    }
}
