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
        /// The database file is damaged, or is no database.
        case corrupt = "MST-201"
        /// The disk is full.
        case noSpace = "MST-301"
        /// The disk reports an error, or another process holds the database.
        case unavailable = "MST-302"
        /// A commit failed half-way, and nobody knows whether it is on disk; until the log can be emptied nobody may write.
        case outcomeUnknown = "MST-303"

        package var kind: FaultKind {
            switch self {
            case .constraint: .conflict
            case .columnMismatch, .statementInvalid: .bug
            case .newerVersion: .unsupported
            case .corrupt: .corruptData
            case .noSpace, .unavailable: .unavailable
            case .outcomeUnknown: .outcomeUnknown
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
    }
}
