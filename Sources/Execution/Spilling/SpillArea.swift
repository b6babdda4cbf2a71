import Faults
import Foundation
import Scheduling
import Synchronization
package import Telemetry

/// The disk space where queries put rows that their memory does not hold.
///
/// Files have no names while they are used, so nothing is left by a process that dies; what an earlier one could still
/// have left between two calls is deleted at start-up.
///
/// - Threads: any.
package final class SpillArea: Sendable {
    private let directory: String
    /// Bytes of all queries together.
    package let limit: Int
    private let used = Atomic<Int>(0)
    private let fileCount = Atomic<Int>(0)
    private let gauge: Gauge
    private let written: Counter

    /// - Errors: `EXE-302` when the directory cannot be made or emptied.
    /// - Threads: blocks; call it at start-up.
    package init(
        directory: String, limit: Int, metrics: MetricsRegistry = MetricsRegistry()
    ) throws(ExecutionError) {
        self.directory = directory
        self.limit = limit
        gauge = metrics.gauge("firn_spill_bytes", help: "Bytes on disk that queries put aside")
        written = metrics.counter(
            "firn_spill_written_bytes_total", help: "Bytes that queries put aside on disk")
        let files = FileManager.default
        do {
            try files.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in try files.contentsOfDirectory(atPath: directory) where name.hasSuffix(".spill") {
                try files.removeItem(atPath: directory + "/" + name)
            }
        } catch {
            throw ExecutionError(
                .spillFailed, "the directory for what queries put aside cannot be used",
                [serverFile: directory, "reason": error.localizedDescription])
        }
    }

    package var usedBytes: Int { used.load(ordering: .relaxed) }

    /// `profile` counts what is written.
    func makeFile(for profile: OperatorProfile? = nil) throws(ExecutionError) -> SpillFile {
        let number = fileCount.add(1, ordering: .relaxed).newValue
        return SpillFile(
            try SpillDescriptor(directory: directory, name: "\(number).spill"), area: self, profile)
    }

    /// - Errors: `EXE-301` past the limit.
    func take(_ bytes: Int) throws(ExecutionError) {
        let now = used.add(bytes, ordering: .relaxed).newValue
        guard now <= limit else {
            used.subtract(bytes, ordering: .relaxed)
            throw ExecutionError(
                .spillFull, "queries may put no more rows aside on disk",
                ["wanted-bytes": now, "limit-bytes": limit],
                hint: "give the query more memory, or the server more room with --spill-bytes")
        }
        gauge.add(Int64(bytes))
        written.add(Int64(bytes))
    }

    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        gauge.add(-Int64(bytes))
    }
}
