/// A code that never changes its meaning once released, such as `ICE-101`.
package protocol FaultCode: RawRepresentable<String>, CaseIterable, Sendable, Hashable {
    /// What the caller can do; see `FaultKind`.
    var kind: FaultKind { get }
}

/// An error a module shows to its callers: a code, what was wrong, where, and what would be right.
///
/// Each module has one struct that conforms. Tests and clients match on the code, never on the message.
package protocol Fault: Error, CustomStringConvertible {
    associatedtype Code: FaultCode

    var code: Code { get }
    /// One sentence, values left out, no trailing full stop.
    var summary: String { get }
    /// The values the sentence is about, in the order they should be shown.
    var context: [(name: String, value: String)] { get }
    /// Where in the caller's text the fault lies, when it lies in text.
    var place: FaultPlace? { get }
    /// What would be right, as advice to the person who reads it.
    var hint: String? { get }
    var cause: (any Error)? { get }
    /// When asking again may help, where that is known; nil lets the kind decide.
    var retryAfterSeconds: Int? { get }
}

extension Fault {
    package var place: FaultPlace? { nil }
    package var hint: String? { nil }
    package var cause: (any Error)? { nil }
    package var retryAfterSeconds: Int? { nil }
    package var kind: FaultKind { code.kind }

    /// `no such schema in the table (schema-id: 7) at line 1, column 8; try …`
    package var message: String { message(with: context) }

    /// The same for who asks from outside: nothing of where the server keeps its own files.
    package var publicMessage: String { message(with: context.filter { $0.name != serverFile }) }

    /// The same with the code among the values, for people who see nothing else: `… (schema-id: 7, code: ICE-101); try …`
    package var messageWithCode: String { message(with: context + [("code", code.rawValue)]) }

    private func message(with context: [(name: String, value: String)]) -> String {
        var text = summary
        if !context.isEmpty {
            text += " (" + context.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + ")"
        }
        if let place { text += " at \(place)" }
        if let hint { text += "; \(hint)" }
        return text
    }

    /// `ICE-101 unknownSchema: no such schema in the table (schema-id: 7)`
    package var description: String {
        let chain = cause.map { " <- \($0)" } ?? ""
        return "\(code.rawValue) \(code): \(message)\(chain)"
    }
}

/// Where in a text or a list of events a fault lies.
package enum FaultPlace: Sendable, Equatable, CustomStringConvertible {
    /// Both count from one; `column` counts characters.
    case text(line: Int, column: Int)
    /// Counts bytes from zero, in a request body.
    case byte(Int)
    /// `index` counts events from zero; `path` is a JSON path such as `$.user.id`.
    case event(index: Int, path: String)

    package var description: String {
        switch self {
        case .text(let line, let column): "line \(line), column \(column)"
        case .byte(let offset): "byte \(offset)"
        case .event(let index, let path): "event \(index), \(path)"
        }
    }
}

/// The name of a context value that is a path on the server's disk: for its log and its operator, not for clients.
package let serverFile = "server file"

/// Builds the context list of a fault from a literal, keeping its order; a long value is cut, lest a message repeats a whole
/// request.
package func faultContext(_ pairs: KeyValuePairs<String, any Sendable>) -> [(name: String, value: String)] {
    pairs.map { pair in
        let value = "\(pair.value)"
        return (pair.key, value.utf8.count > valueBytes ? value.prefix(valueBytes / 2) + "…" : value)
    }
}

/// What a message shows of one value; paths, names and types are shorter.
private let valueBytes = 1000
