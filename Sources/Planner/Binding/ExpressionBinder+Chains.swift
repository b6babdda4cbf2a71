import Columnar
import Kernels
import Plans
import SQLSyntax

extension ExpressionBinder {
    /// Types the links one by one, as nested operators would be; a chain breaks only where the value so far is cast.
    mutating func bindChain(
        _ first: ExpressionSyntax, _ links: [ChainLinkSyntax]
    ) throws(PlannerError) -> Expression {
        var chain = BoundChain(start: try bind(first))
        var position = first.position
        for link in links {
            let operation = OperatorBinding(
                context: context, position: link.position, positions: [position, link.operand.position])
            try chain.append(try bind(link.operand), link, operation)
            position = link.position
        }
        return chain.value
    }
}

/// The part of a chain that is typed.
private struct BoundChain {
    /// Stands for the value so far while a link is typed: its type is all that matters, and the value may be long.
    private static let soFar = 1 << 62
    private var start: Expression
    private var links: [ChainLink] = []
    /// Chains inside of `start`.
    private var depth = 0

    init(start: Expression) { self.start = start }

    var value: Expression { links.isEmpty ? start : .chain(start, links) }

    mutating func append(
        _ operand: Expression, _ link: ChainLinkSyntax, _ operation: OperatorBinding
    ) throws(PlannerError) {
        // A literal is looked at itself, since it may take its type from the other side.
        let left = links.isEmpty ? start : .column(Self.soFar, value.type)
        let bound = try operation.bind(link.sign, [left, operand])
        guard case .call(let function, let sides, let type) = bound, sides.count == 2 else {
            preconditionFailure("an operator of arithmetic is a call of two sides")
        }
        let place = SourcePlace(line: link.position.line, column: link.position.column)
        if links.isEmpty {
            start = sides[0]
        } else if sides[0] != left {
            depth += 1
            guard depth <= SQLSyntaxLimits.depth else {
                throw .unsupported(
                    "arithmetic that changes its type so often", at: link.position,
                    hint: "compute a part of it in a subquery")
            }
            let whole = value
            start = sides[0].rewritten { if case .column(Self.soFar, _) = $0 { whole } else { $0 } }
            links = []
        }
        links.append(ChainLink(function, sides[1], type, at: place))
    }
}
