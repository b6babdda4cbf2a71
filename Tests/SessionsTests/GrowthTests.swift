import Columnar
import Kernels
import Scheduling
import Testing

@testable import Sessions

@Suite("Queries that make more rows and elements than they are given")
struct GrowthTests {
    @Test("LIMIT ends a source that makes rows, wherever it stands above it")
    func limits() async throws {
        let fixture = try await SessionFixture()
        for sql in [
            "SELECT * FROM generate_series(1, 20000000) LIMIT 1",
            "SELECT value + 1 FROM generate_series(1, 1000000000000) t(value) WHERE value % 2 = 0 LIMIT 3",
            "SELECT unnest(generate_series(1, 5000000)) LIMIT 1",
            "SELECT i FROM (VALUES (1), (2)) v(x), generate_series(1, 1000000000) t(i) LIMIT 2 OFFSET 5",
        ] {
            let lines = try await fixture.texts("EXPLAIN ANALYZE \(sql)")
            let made = lines.compactMap { line -> Int? in
                guard line.contains("Unnest"), let start = line.firstRange(of: "rows=") else { return nil }
                return Int(line[start.upperBound...].prefix { $0.isNumber })
            }
            #expect(made.count == 1 && made.allSatisfy { $0 <= 8192 }, "\(sql): \(lines)")
        }
    }

    @Test("a series is whole, however many morsels make it")
    func whole() async throws {
        let fixture = try await SessionFixture()
        #expect(
            try await fixture.texts(
                "SELECT count(*), min(value), max(value), sum(value) FROM generate_series(1, 500000) t(value)"
            )
                == ["500000 | 1 | 500000 | 125000250000"])
        #expect(
            try await fixture.texts(
                "SELECT v.x, count(i), max(i) FROM (VALUES (1), (0), (300000)) v(x) "
                    + "LEFT JOIN LATERAL generate_series(1, v.x) t(i) ON true GROUP BY v.x ORDER BY v.x")
                == ["0 | 0 | -", "1 | 1 | 1", "300000 | 300000 | 300000"])
    }

    @Test("lists that are too much for one batch come in smaller ones")
    func smallerBatches() async throws {
        let fixture = try await SessionFixture()
        let batches = try await fixture.batches(
            "SELECT generate_series(1, n) FROM (VALUES (4000000), (4000000), (3000000)) t(n)")
        #expect(batches.reduce(0) { $0 + $1.rowCount } == 3)
        #expect(batches.count > 1)
        let constants = try await fixture.batches(
            "SELECT generate_series(1, 4000000) FROM (VALUES (1), (2), (3)) t(n)")
        #expect(constants.reduce(0) { $0 + $1.rowCount } == 3)
        #expect(constants.count > 1)
        let error = await #expect(throws: KernelError.self) {
            try await fixture.rows("SELECT generate_series(1, 20000000)")
        }
        #expect(error?.code == .tooLarge)
    }

    @Test("an endless count ends when it is cancelled, and says why")
    func cancellation() async throws {
        let fixture = try await SessionFixture()
        for sql in [
            "SELECT count(*) FROM generate_series(1, 1000000000000)",
            "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000 + n)) FROM (VALUES (1), (2)) t(n)",
        ] {
            let error = await #expect(throws: SchedulingError.self) {
                try await rowsUntilCancelled(sql, fixture)
            }
            #expect(error?.code == .cancelled)
        }
    }

    private func rowsUntilCancelled(_ sql: String, _ fixture: SessionFixture) async throws {
        var request = StatementRequest(sql: sql, warehouse: "lake")
        let token = CancellationToken()
        request.cancellation = token
        let batches = try await fixture.session.run(request).batches
        async let end: Void = { for try await _ in batches {} }()
        for _ in 0..<10_000 { await Task.yield() }
        token.cancel()
        try await end
    }
}
