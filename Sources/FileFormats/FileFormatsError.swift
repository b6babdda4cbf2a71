package import Faults

/// Why bytes could not be read or written as a file format or as events.
package struct FileFormatsError: Fault {
    package enum Code: String, FaultCode {
        /// A stream's schema breaks the rules; the place is in the context as a JSON path.
        case invalidSchema = "FMT-101"
        /// A body of events is no JSON. Nothing of it was taken.
        case malformedBody = "FMT-102"
        /// A body or one of its values is larger or deeper than the reader goes.
        case tooLarge = "FMT-103"
        case unsupportedMediaType = "FMT-104"
        /// A data file's bytes are not what its format says.
        case corruptFile = "FMT-201"
        /// A data file uses a feature this build does not read, such as encryption or an unknown encoding.
        case unsupportedFile = "FMT-202"
        /// A column of a file has a type that the asked type does not accept.
        case incompatibleType = "FMT-203"
        /// A column that is required has a null. Nothing of the batch was written.
        case nullInRequired = "FMT-204"
        /// The library below failed where no input can make it fail.
        case internalFailure = "FMT-901"

        package var kind: FaultKind {
            switch self {
            case .invalidSchema, .malformedBody, .unsupportedMediaType, .nullInRequired:
                .invalidRequest
            case .tooLarge: .exhausted
            case .corruptFile, .incompatibleType: .corruptData
            case .unsupportedFile: .unsupported
            case .internalFailure: .bug
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?
    package let cause: (any Error)?
    /// Of a body that is no JSON, how many events are whole before the fault.
    package private(set) var event: Int?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at place: FaultPlace? = nil, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.init(code, summary, context: faultContext(context), at: place, hint: hint, cause: cause)
    }

    init(
        _ code: Code, _ summary: String, context: [(name: String, value: String)],
        at place: FaultPlace? = nil, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = context
        self.place = place
        self.hint = hint
        self.cause = cause
    }

    init(
        malformedEvent event: Int, _ summary: String, _ context: KeyValuePairs<String, any Sendable>,
        at place: FaultPlace
    ) {
        self.init(
            .malformedBody, summary, context: [("event", "\(event)")] + faultContext(context), at: place)
        self.event = event
    }

    private init(_ other: FileFormatsError, hint: String) {
        (code, summary, context) = (other.code, other.summary, other.context)
        (place, cause, event) = (other.place, other.cause, other.event)
        self.hint = hint
    }

    /// The same fault, with what the caller can do.
    func hinting(_ hint: String) -> FileFormatsError { FileFormatsError(self, hint: hint) }
}
