package import Faults
import Kernels
package import SQLSyntax

/// Why a statement that reads well means nothing, or cannot be run; with the place in its text.
package struct PlannerError: Fault {
    package enum Code: String, FaultCode {
        case unknownColumn = "PLA-101"
        case ambiguousColumn = "PLA-102"
        case unknownTable = "PLA-103"
        case unknownFunction = "PLA-104"
        /// The function takes another number of arguments.
        case wrongArgumentCount = "PLA-105"
        /// A value has a type its place does not take.
        case typeMismatch = "PLA-106"
        case unknownType = "PLA-107"
        /// A literal cannot be read as the type it stands beside.
        case invalidLiteral = "PLA-108"
        /// A constant expression faults: an overflow, a division by zero.
        case constantFault = "PLA-109"
        /// A column stands outside an aggregate and is no group key.
        case notGrouped = "PLA-110"
        /// An aggregate stands where there are no groups, or inside another.
        case misplacedAggregate = "PLA-111"
        /// A position in GROUP BY or ORDER BY names no select item.
        case invalidPosition = "PLA-112"
        /// LIMIT or OFFSET is not a whole number of rows.
        case invalidLimit = "PLA-113"
        case unknownField = "PLA-114"
        /// Two columns or tables share a name where it must be one's own, or lists have unlike counts.
        case unlikeShape = "PLA-115"
        case missingParameter = "PLA-116"
        /// A view's query no longer fits the tables it reads, or the columns it promises.
        case brokenView = "PLA-117"
        /// What stands behind AS OF names no state of the table.
        case invalidVersion = "PLA-118"
        /// Whoever asked for the plan gave up.
        case interrupted = "PLA-119"
        /// A new column's name is too long, or has characters that nobody sees.
        case invalidName = "PLA-120"
        /// The language has it, and this build does not run it.
        case unsupported = "PLA-201"
        /// The optimiser broke a plan.
        case inconsistentPlan = "PLA-301"

        package var kind: FaultKind {
            switch self {
            case .unknownTable: .notFound
            case .unsupported: .unsupported
            case .interrupted: .cancelled
            case .inconsistentPlan: .bug
            default: .invalidRequest
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at position: TextPosition?, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.init(code, summary, context: faultContext(context), at: position, hint: hint, cause: cause)
    }

    /// The same values and place under other words.
    package func restated(_ code: Code, _ summary: String, hint: String?) -> PlannerError {
        PlannerError(restating: self, code, summary, hint: hint)
    }

    private init(restating other: PlannerError, _ code: Code, _ summary: String, hint: String?) {
        self.code = code
        self.summary = summary
        context = other.context
        place = other.place
        self.hint = hint
        cause = nil
    }

    private init(
        _ code: Code, _ summary: String, context: [(name: String, value: String)],
        at position: TextPosition?, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = context
        self.place = position?.place
        self.hint = hint
        self.cause = cause
    }

    /// With the values of the fault, and the table's column they were for.
    static func constant(
        _ fault: KernelError, at position: TextPosition?, for column: String? = nil
    ) -> PlannerError {
        var context = fault.context
        if let column { context.append((name: "column", value: "\(Identifier(column))")) }
        return PlannerError(
            .constantFault, "a constant cannot be computed: \(fault.summary)", context: context,
            at: position, cause: fault)
    }

    static func unsupported(_ what: String, at position: TextPosition?, hint: String? = nil) -> PlannerError {
        PlannerError(.unsupported, "\(what) is not supported", at: position, hint: hint)
    }
}
