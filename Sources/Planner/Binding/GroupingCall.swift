import Plans
import SQLSyntax

/// `GROUPING(a, b)` as bound: which keys a row's grouping set leaves out.
///
/// Shapes: a position for each argument.
struct GroupingCall {
    let arguments: [Expression]
    let positions: [TextPosition]
}

extension SourcePlace {
    init(_ position: TextPosition) { self.init(line: position.line, column: position.column) }
}
