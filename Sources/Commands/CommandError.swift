package import Faults

/// What the command line itself has to say.
package struct CommandError: Fault {
    package enum Code: String, FaultCode {
        /// Unknown command or flag, missing or superfluous argument, a value that cannot be.
        case usage = "CLI-101"
        /// A file that should be read cannot be, or is not what it should be.
        case file = "CLI-102"
        /// The server refused the request.
        case refused = "CLI-201"
        /// The answer is not one of a Firn server.
        case foreignAnswer = "CLI-202"
        /// The pipeline runs again and has failed again.
        case failedAgain = "CLI-203"
        /// Nobody answers at the address.
        case notReached = "CLI-301"
        /// The server did not take the events for longer than one waits.
        case stillBusy = "CLI-302"

        package var kind: FaultKind {
            switch self {
            case .usage: .invalidRequest
            case .file: .invalidRequest
            case .refused, .failedAgain: .conflict
            case .foreignAnswer: .unsupported
            case .notReached: .unavailable
            case .stillBusy: .exhausted
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.init(code, summary, context: faultContext(context), hint: hint)
    }

    package init(
        _ code: Code, _ summary: String, context: [(name: String, value: String)], hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = context
        self.hint = hint
    }
}
