/// Names a namespace by its levels, outermost first: `["web", "raw"]`.
///
/// Names are bytes, as the Metastore compares them, though `String` calls two spellings of `é` equal.
package struct Namespace: Sendable, Hashable, CustomStringConvertible {
    package var levels: [String]

    package init(_ levels: [String]) { self.levels = levels }

    package var isRoot: Bool { levels.isEmpty }
    package var name: String? { levels.last }
    package var parent: Namespace? { levels.isEmpty ? nil : Namespace(Array(levels.dropLast())) }

    package static func == (left: Namespace, right: Namespace) -> Bool {
        left.levels.elementsEqual(right.levels) { $0.utf8.elementsEqual($1.utf8) }
    }

    /// `web.raw`: for people; levels may contain dots.
    package var description: String { levels.joined(separator: ".") }
}
