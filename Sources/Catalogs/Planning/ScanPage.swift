package import Iceberg
package import Tables

/// One answer's worth of a plan.
package struct ScanPage: Sendable {
    package var tasks: [ScanTask] = []
    /// What the tasks were planned with: the residuals come from it.
    package var filter: ScanFilter = .always
    package var schema: IcebergSchema
    package var statsFields: Set<Int> = []
    /// Where the rest is.
    package var planTasks: [String] = []

    /// About what it takes in memory.
    var bytes: Int { tasks.count * 2048 + planTasks.reduce(0) { $0 + $1.utf8.count } }
}

/// How a submitted plan stands.
package enum PlanState: Sendable {
    case completed(ScanPage)
    case submitted
    case cancelled
    case failed(any Error)
}
