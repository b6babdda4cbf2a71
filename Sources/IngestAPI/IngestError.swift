package import Faults

/// Why a request with events was refused before the stream saw it.
package struct IngestError: Fault {
    package enum Code: String, FaultCode {
        /// The body is encoded in a way nobody here reads.
        case unsupportedEncoding = "ING-101"
        /// The stream takes no events over HTTP.
        case notEnabled = "ING-102"
        /// No stream's name stands in the address.
        case noStream = "ING-103"
        /// The body says it is compressed, and is not.
        case damagedEncoding = "ING-104"

        /// The headers that make a request repeatable contradict each other or are no keys.
        case badMark = "ING-105"

        /// The events are kept, and the pipelines have not landed them yet; the message says whether they will by themselves.
        case notLanded = "ING-106"
        /// The events are kept, and nothing will land them: no pipeline reads the stream.
        case noPipeline = "ING-107"

        package var kind: FaultKind {
            switch self {
            case .unsupportedEncoding, .damagedEncoding, .badMark: .invalidRequest
            case .notEnabled: .denied
            case .notLanded, .noPipeline: .outcomeUnknown
            case .noStream: .notFound
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
