package import Faults

/// Where in a statement's text a piece of the tree starts.
///
/// All positions are equal, so that trees compare by what they say and not by where they stood: a printed and
/// re-read tree equals the first one.
package struct TextPosition: Sendable, Hashable {
    /// Counts from one.
    package var line: Int32
    /// Counts Unicode scalars from one.
    package var column: Int32

    package static let start = TextPosition(line: 1, column: 1)

    package init(line: Int32, column: Int32) {
        self.line = line
        self.column = column
    }

    package var place: FaultPlace { .text(line: Int(line), column: Int(column)) }

    package static func == (left: TextPosition, right: TextPosition) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}
}
