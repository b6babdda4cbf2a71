package import Faults

/// Why state could not be read or changed.
package struct MetastoreError: Fault {
    package enum Code: String, FaultCode {
        /// A unique, foreign-key or check constraint refused the change.
        case constraint = "MST-101"
        /// A column is missing from a row, or holds another type than asked for.
        case columnMismatch = "MST-102"
        /// The data directory was written by a newer Firn.
        case newerVersion = "MST-103"
        /// A statement of ours does not fit the schema.
        case statementInvalid = "MST-104"
        /// A text holds what PostgreSQL cannot keep.
        case textUnstorable = "MST-105"
        /// The PostgreSQL server or database lacks what Firn counts on.
        case unsuitable = "MST-106"
        /// The database file is damaged, or is no database.
        case corrupt = "MST-201"
        /// The disk is full.
        case noSpace = "MST-301"
        /// The disk reports an error, another process holds the database, or it cannot be reached.
        case unavailable = "MST-302"
        /// Nobody knows whether a commit happened. With SQLite nobody may write until the log can be emptied.
        case outcomeUnknown = "MST-303"
        /// Another transaction of the database was first, time and again.
        case contended = "MST-304"
        /// Another process owns the PostgreSQL database or the node, or the rows belong to another data directory.
        case ownedByAnother = "MST-305"
        /// Another process has taken the node over: this one writes nothing any more, and ends.
        case takenOver = "MST-306"
        /// The node's lease has run out, and nobody has renewed it yet. Wait.
        case leaseUncertain = "MST-307"

        package var kind: FaultKind {
            switch self {
            case .constraint: .conflict
            case .columnMismatch, .statementInvalid: .bug
            case .textUnstorable: .invalidRequest
            case .newerVersion, .unsuitable: .unsupported
            case .corrupt: .corruptData
            case .noSpace, .unavailable, .contended, .ownedByAnother, .takenOver, .leaseUncertain:
                .unavailable
            case .outcomeUnknown: .outcomeUnknown
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?
    package let cause: (any Error)?
    /// The transaction has certainly not happened, and another try may go through.
    let mayRetry: Bool

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.init(code, summary, context, hint: hint, mayRetry: false, cause: cause)
    }

    init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil, mayRetry: Bool, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
        self.mayRetry = mayRetry
    }
}
