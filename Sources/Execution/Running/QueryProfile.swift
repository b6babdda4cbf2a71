package import Plans
import Scheduling
import Synchronization

/// What one operator did.
package final class OperatorProfile: Sendable {
    private let rows = Atomic<Int64>(0)
    private let batches = Atomic<Int64>(0)
    private let nanoseconds = Atomic<Int64>(0)
    private let scanCounters = Mutex<ScanCounters?>(nil)
    private let spillBytes = Atomic<Int64>(0)
    private let bytes = Atomic<Int64>(0)
    private let memory = Mutex<MemoryBudget?>(nil)

    /// Rows it gave.
    package var rowCount: Int64 { rows.load(ordering: .relaxed) }
    package var batchCount: Int64 { batches.load(ordering: .relaxed) }
    /// Computing time over all threads, without its inputs'; exact when no morsel runs. While one does, what its inputs
    /// took may be known before what it took itself.
    package var computedNanoseconds: Int64 { max(0, nanoseconds.load(ordering: .relaxed)) }

    /// Less than nothing where an input counts it.
    func took(nanoseconds count: Int64) { nanoseconds.add(count, ordering: .relaxed) }

    /// What a scan read and left out; nil for other operators.
    package var scan: ScanCounters? { scanCounters.withLock { $0 } }

    /// Counts for this scan alone what is also counted in `total`.
    func startScan(total: ScanCounters) -> ScanCounters {
        let counters = ScanCounters(total: total)
        scanCounters.withLock { $0 = counters }
        return counters
    }

    /// What it takes from now on counts as its own.
    func count(memoryOf whole: MemoryBudget) -> MemoryBudget {
        memory.withLock { known in
            // A recursion's step is compiled again for each round.
            let part = known ?? MemoryBudget(partOf: whole)
            known = part
            return part
        }
    }

    /// The most it had reserved at once; without its inputs'.
    package var peakMemoryBytes: Int64 { memory.withLock { Int64($0?.peakReserved ?? 0) } }

    /// Bytes it gave; zero unless the context measures them.
    package var byteCount: Int64 { bytes.load(ordering: .relaxed) }

    func gave(bytes count: Int) { bytes.add(Int64(count), ordering: .relaxed) }

    /// Bytes it put aside on disk.
    package var spilledBytes: Int64 { spillBytes.load(ordering: .relaxed) }

    func spilled(bytes: Int) { spillBytes.add(Int64(bytes), ordering: .relaxed) }

    func gave(_ count: Int) {
        rows.add(Int64(count), ordering: .relaxed)
        batches.add(1, ordering: .relaxed)
    }
}

/// The numbers of one run, by node of its plan, depth first.
package final class QueryProfile: Sendable {
    package let plan: PhysicalPlan
    /// Depth first.
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
            var numbers = "rows=\(counts.rowCount), batches=\(counts.batchCount), ms=\(milliseconds)"
            if counts.byteCount > 0 { numbers += ", bytes=\(counts.byteCount)" }
            if counts.peakMemoryBytes > 0 { numbers += ", memory=\(counts.peakMemoryBytes)" }
            if counts.spilledBytes > 0 { numbers += ", spilled=\(counts.spilledBytes)" }
            if let scan = counts.scan { numbers += ", " + scan.text }
            lines.append(String(repeating: "  ", count: level) + plan.line + " [" + numbers + "]")
            for input in plan.inputs { add(input, level + 1) }
        }
        add(plan, 0)
        return lines.joined(separator: "\n")
    }
}
