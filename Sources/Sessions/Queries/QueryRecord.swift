package import Effects

/// One statement in the history.
package struct QueryRecord: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        case running, succeeded, failed, cancelled
    }

    package let id: String
    package let sql: String
    package let warehouse: String
    /// The id of the token that it came with; nil where there was none.
    package let owner: String?
    package let startedAt: Instant
    package internal(set) var state = State.running
    /// So far, while it runs.
    package internal(set) var nanoseconds: Int64 = 0
    /// As `nanoseconds`.
    package internal(set) var rowCount: Int64 = 0
    /// The fault's code and message, when there was one.
    package internal(set) var fault: String?
    /// What each operator did so far, or did; nil for statements without a plan.
    package internal(set) var profile: String?
}
