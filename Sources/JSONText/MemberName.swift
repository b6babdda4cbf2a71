/// The name of a member or a field as its bytes: to `String` two spellings of `é` are equal, to JSON they are two names.
package struct MemberName: Sendable, Hashable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral text: String) { self.text = text }

    package static func == (left: MemberName, right: MemberName) -> Bool {
        // Most names differ in length already.
        left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// What has the same bytes is equal to `String` too, and hashed alike.
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
