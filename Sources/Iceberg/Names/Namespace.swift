/// Names a namespace by its levels, outermost first: `["web", "raw"]`.
package struct Namespace: Sendable, Hashable, CustomStringConvertible {
    package var levels: [String]

    package init(_ levels: [String]) { self.levels = levels }

    package var isRoot: Bool { levels.isEmpty }
    package var name: String? { levels.last }
    package var parent: Namespace? { levels.isEmpty ? nil : Namespace(Array(levels.dropLast())) }

    /// True for the namespace itself too.
    package func isInside(_ other: Namespace) -> Bool { levels.starts(with: other.levels) }

    /// `web.raw`: for people; levels may contain dots.
    package var description: String { levels.joined(separator: ".") }
}
