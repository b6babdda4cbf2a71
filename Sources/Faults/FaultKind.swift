/// Tells what the caller can do about a fault; HTTP status, exit code, retry and log level follow from it.
package enum FaultKind: String, Sendable, CaseIterable {
    /// The request is wrong and will stay wrong. Change it.
    case invalidRequest
    /// No credentials, or ones nobody knows.
    case unauthenticated
    /// The caller may not do this.
    case denied
    /// The named thing does not exist.
    case notFound
    /// The state moved or stands in the way. Reload, then decide.
    case conflict
    /// A limit was reached: rate, size, backlog, memory. Wait, or ask for less.
    case exhausted
    /// The request is right, and this build cannot do it.
    case unsupported
    /// A dependency does not answer. Retry with a pause.
    case unavailable
    /// Nobody knows whether the change happened. Look before trying again.
    case outcomeUnknown
    /// The caller gave up: a closed connection, a cancelled query, a deadline.
    case cancelled
    /// Stored bytes are not what was written.
    case corruptData
    /// Firn is wrong.
    case bug
}
