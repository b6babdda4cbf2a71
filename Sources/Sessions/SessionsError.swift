package import Faults

/// Why a statement was not run, beside what its text, its plan or the catalog say.
package struct SessionsError: Fault {
    package enum Code: String, FaultCode {
        /// A table is named without a namespace, and the request has no default.
        case namespaceMissing = "SES-101"
        case unknownQuery = "SES-102"
        /// Too many statements run at once.
        case tooManyQueries = "SES-103"
        /// The name is a view's where a table is asked for, or the other way round, or that of a part of a table that is only read.
        case wrongKind = "SES-105"
        /// A snapshot has more files than its metadata tables list.
        case tooManyFiles = "SES-106"
        /// None of a view's queries is in SQL that this server reads.
        case unreadableView = "SES-107"
        /// No setting has this name, or the value is not one it takes.
        case invalidSetting = "SES-108"
        /// A parameter is no plain value, or the statement has no place for it.
        case invalidParameter = "SES-109"
        /// A row has a NULL, or nothing, where its column takes none. Nothing was written.
        case nullNotAllowed = "SES-201"
        /// The table was dropped or replaced while the statement ran. Nothing was written.
        case tableReplaced = "SES-202"

        /// A change of a table that Iceberg, or something in the table, forbids. Nothing was changed.
        case changeForbidden = "SES-203"

        package var kind: FaultKind {
            switch self {
            case .namespaceMissing: .invalidRequest
            case .unknownQuery: .notFound
            case .tooManyQueries, .tooManyFiles: .exhausted
            case .unreadableView: .unsupported
            case .wrongKind, .invalidSetting, .invalidParameter, .nullNotAllowed, .changeForbidden:
                .invalidRequest
            case .tableReplaced: .conflict
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
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.place = place
        self.hint = hint
    }

    /// The same fault, about `name` before all else.
    func about(_ name: String, _ value: String) -> SessionsError {
        SessionsError(
            code: code, summary: summary, context: [(name, value)] + context, place: place, hint: hint)
    }

    private init(
        code: Code, summary: String, context: [(name: String, value: String)], place: FaultPlace?,
        hint: String?
    ) {
        self.code = code
        self.summary = summary
        self.context = context
        self.place = place
        self.hint = hint
    }
}
