/// A name as written: its case is kept, its quotes are not.
package struct Identifier: Sendable, Hashable {
    package var text: String
    package var position: TextPosition

    package init(_ text: String, at position: TextPosition = .start) {
        self.text = text
        self.position = position
    }
}

/// A name of several parts: `analytics.events`, `t.payload.user`.
package struct QualifiedName: Sendable, Hashable {
    /// Never empty.
    package var parts: [Identifier]

    package init(_ parts: [Identifier]) {
        precondition(!parts.isEmpty, "a name has a part")
        self.parts = parts
    }

    package var position: TextPosition { parts[0].position }
    package var last: Identifier { parts[parts.count - 1] }
    package var texts: [String] { parts.map(\.text) }
}
