import Octets

/// The headers of a request or response, in order; names compare without case.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var entries: [(name: String, value: String)]

    package init() { entries = [] }
    package init(_ entries: [(name: String, value: String)]) { self.entries = entries }
    package init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of that name. Setting replaces all of them; setting nil removes them.
    package subscript(name: String) -> String? {
        get { entries.first { ASCIICase.isSame($0.name, name) }?.value }
        set {
            entries.removeAll { ASCIICase.isSame($0.name, name) }
            if let newValue { entries.append((name, newValue)) }
        }
    }

    package func all(_ name: String) -> [String] {
        entries.filter { ASCIICase.isSame($0.name, name) }.map(\.value)
    }

    package mutating func append(_ name: String, _ value: String) { entries.append((name, value)) }
}
