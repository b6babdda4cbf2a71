package import Effects

/// What commits of a statement have done, stored with its progress: it holds over restarts.
package struct StatementWork: Sendable, Equatable {
    package var commits: Int64 = 0
    /// Times it began again after an error; those since the last commit are not here yet.
    package var retries: Int64 = 0
    /// Of rows and of rejects.
    package var files: Int64 = 0
    package var bytesOut: Int64 = 0
    /// The first commit that is counted; nil before it.
    package var since: Instant?

    package init() {}

    /// Of files that land together.
    init(fileSizes: [Int64]) {
        files = Int64(fileSizes.count)
        bytesOut = fileSizes.reduce(0, +)
    }
}
