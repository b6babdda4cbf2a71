import Effects
import Plans
import Synchronization

/// What one operator did.
package final class OperatorProfile: Sendable {
    private let rows = Atomic<Int64>(0)
    private let batches = Atomic<Int64>(0)
    private let nanoseconds = Atomic<Int64>(0)

    /// Rows it gave.
    package var rowCount: Int64 { rows.load(ordering: .relaxed) }
    package var batchCount: Int64 { batches.load(ordering: .relaxed) }
    /// Computing time over all threads, without its inputs'.
    package var computedNanoseconds: Int64 { nanoseconds.load(ordering: .relaxed) }

    func gave(_ count: Int) {
        rows.add(Int64(count), ordering: .relaxed)
        batches.add(1, ordering: .relaxed)
    }

    /// Measures `body`.
    func timed<Result>(_ clock: any Clock, _ body: () throws -> Result) rethrows -> Result {
        let start = clock.monotonicNanoseconds
        defer { nanoseconds.add(clock.monotonicNanoseconds - start, ordering: .relaxed) }
        return try body()
    }
}

/// What a query read from the store.
package final class ScanCounters: Sendable {
    private let requestCount = Atomic<Int64>(0)
    private let fileCount = Atomic<Int64>(0)
    private let byteCount = Atomic<Int64>(0)
    private let rowGroupCount = Atomic<Int64>(0)
    private let skippedCount = Atomic<Int64>(0)

    package var requests: Int64 { requestCount.load(ordering: .relaxed) }
    package var files: Int64 { fileCount.load(ordering: .relaxed) }
    /// Compressed bytes of column chunks.
    package var bytes: Int64 { byteCount.load(ordering: .relaxed) }
    package var rowGroups: Int64 { rowGroupCount.load(ordering: .relaxed) }
    /// Row groups that statistics or the filter's columns ruled out.
    package var skippedRowGroups: Int64 { skippedCount.load(ordering: .relaxed) }

    func openedFile() {
        fileCount.add(1, ordering: .relaxed)
        requestCount.add(1, ordering: .relaxed)
    }
    func fetched(bytes: Int) {
        requestCount.add(1, ordering: .relaxed)
        byteCount.add(Int64(bytes), ordering: .relaxed)
    }
    func foundRowGroups(_ count: Int, skipped: Int) {
        rowGroupCount.add(Int64(count), ordering: .relaxed)
        skippedCount.add(Int64(skipped), ordering: .relaxed)
    }
    func skippedRowGroup() { skippedCount.add(1, ordering: .relaxed) }
}

/// The numbers of one run, by node of its plan, depth first.
package final class QueryProfile: Sendable {
    private let plan: PhysicalPlan
    package let operators: [OperatorProfile]
    package let scans = ScanCounters()

    init(_ plan: PhysicalPlan) {
        self.plan = plan
        operators = (0..<Self.nodeCount(plan)).map { _ in OperatorProfile() }
    }

    static func nodeCount(_ plan: PhysicalPlan) -> Int { plan.inputs.reduce(1) { $0 + nodeCount($1) } }

    /// The plan with what each node did behind its line; for EXPLAIN ANALYZE.
    package var text: String {
        var number = 0
        var lines: [String] = []
        func add(_ plan: PhysicalPlan, _ level: Int) {
            let counts = operators[number]
            number += 1
            let milliseconds = Double(counts.computedNanoseconds / 10_000) / 100
            lines.append(
                String(repeating: "  ", count: level) + plan.line
                    + " [rows=\(counts.rowCount), batches=\(counts.batchCount), ms=\(milliseconds)]")
            for input in plan.inputs { add(input, level + 1) }
        }
        add(plan, 0)
        return lines.joined(separator: "\n")
    }
}
