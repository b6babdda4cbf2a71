package import Faults

/// Where in the statement an expression stands.
///
/// All places are equal: `a / b` in SELECT and in GROUP BY are one value, wherever they stand.
package struct SourcePlace: Sendable, Hashable {
    package let line: Int32
    package let column: Int32

    package init(line: Int32, column: Int32) {
        self.line = line
        self.column = column
    }

    package var place: FaultPlace { .text(line: Int(line), column: Int(column)) }

    package static func == (left: SourcePlace, right: SourcePlace) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}
}
