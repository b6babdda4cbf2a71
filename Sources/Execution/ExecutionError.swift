package import Faults

/// Why a plan could not be run; faults of functions, tables and files come through as they are.
package struct ExecutionError: Fault {
    package enum Code: String, FaultCode {
        /// The plan asks for what this build cannot run.
        case unsupported = "EXE-101"
        /// A recursion went on for too many rounds.
        case endless = "EXE-102"
        /// A subquery that stands for one value has several rows.
        case severalRows = "EXE-103"
        /// The disk, or the share of it that queries may use, is full.
        case spillFull = "EXE-301"
        /// A file for rows that memory does not hold failed.
        case spillFailed = "EXE-302"
        /// Rows that were put aside are not what was written.
        case spillCorrupt = "EXE-303"
        /// The plan's parts do not fit together.
        case inconsistentPlan = "EXE-201"

        package var kind: FaultKind {
            switch self {
            case .unsupported: .unsupported
            case .endless: .exhausted
            case .severalRows: .invalidRequest
            case .spillFull: .exhausted
            case .spillFailed: .unavailable
            case .spillCorrupt: .corruptData
            case .inconsistentPlan: .bug
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at place: FaultPlace? = nil, hint: String? = nil
    ) {
        self.place = place
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }
}
