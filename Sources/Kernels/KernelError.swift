package import Faults

/// Why a function could not be computed for a row.
package struct KernelError: Fault {
    package enum Code: String, FaultCode {
        case divisionByZero = "KRN-101"
        /// The result does not fit its type.
        case overflow = "KRN-102"
        /// The value cannot be read as the wanted type.
        case invalidCast = "KRN-103"
        /// The function is not defined there: a logarithm of -1, a negative length.
        case invalidArgument = "KRN-104"
        /// A regular expression, a LIKE pattern, a format or a unit is wrong.
        case invalidPattern = "KRN-105"
        /// The result is larger than a column may hold.
        case tooLarge = "KRN-106"
        /// No kernel computes this function over these types.
        case unsupported = "KRN-201"
        /// Nobody wants the result any more: the query was cancelled, the pipeline stops.
        case interrupted = "KRN-301"
        /// The memory ledger, or the query's share of it, has no room for the result.
        case memoryExhausted = "KRN-302"

        package var kind: FaultKind {
            switch self {
            case .unsupported: .unsupported
            case .interrupted: .cancelled
            case .memoryExhausted: .exhausted
            default: .invalidRequest
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    /// The first row of the batch that failed, counted from zero; nil when the fault lies in no single row.
    package let row: Int?
    /// Where in the statement the function was called; set by whoever knows the statement.
    package let place: FaultPlace?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:], row: Int? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.row = row
        place = nil
    }

    private init(_ other: KernelError, row: Int?, place: FaultPlace?) {
        code = other.code
        summary = other.summary
        context = other.context
        self.row = row
        self.place = place
    }

    /// The same fault, found at `row` unless it already names one.
    package func at(row: Int) -> KernelError { KernelError(self, row: self.row ?? row, place: place) }

    /// The same fault at another row, for rows that were gathered or sliced before the kernel ran.
    package func moved(to row: Int?) -> KernelError { KernelError(self, row: row, place: place) }

    /// The same fault at this place of the statement, unless an expression further inside gave its own.
    package func at(_ outer: FaultPlace) -> KernelError { KernelError(self, row: row, place: place ?? outer) }
}
