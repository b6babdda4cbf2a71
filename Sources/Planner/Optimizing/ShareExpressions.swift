import Columnar
import Kernels
import Plans

/// Computes what several expressions of a node have in common once, in a projection below it.
///
///     Aggregate: sum(a * (1 - b)), sum(a * (1 - b) * c)
///     →  Aggregate: sum(#2), sum(#2 * c)
///          Project: c, a * (1 - b) as #2
///
/// Only what some expression asks for in every row: what only branches of a CASE, later arguments of COALESCE or later
/// terms of AND and OR ask for could fault in rows that never get there.
struct ShareExpressions: NodePass {
    let name = "share_expressions"

    /// Larger ones are left as they are: finding repetitions hashes every part.
    private static let sizeLimit = 1_000
    private static let sharedLimit = 32

    func rewritten(_ node: LogicalPlan) -> LogicalPlan { Self.share(node) }

    private static func share(_ node: LogicalPlan) -> LogicalPlan {
        switch node {
        case .project(let projection, let input):
            let parts = projection.expressions.map { Part($0, isCertain: true) }
            guard let shared = shared(parts, over: input, keepsAll: false) else { return node }
            return .project(Projection(shared.expressions, names: projection.names), shared.input)
        case .filter(let condition, let input):
            // Each term sees only the rows that the terms before it left.
            let terms = condition.conjuncts.enumerated().map { Part($1, isCertain: $0 == 0) }
            guard let shared = shared(terms, over: input, keepsAll: true),
                let filter = Expression.conjunction(shared.expressions)
            else { return node }
            let fields = input.schema.fields
            let kept = fields.enumerated().map { Expression.column($0, $1.type) }
            return .project(Projection(kept, names: fields.map(\.name)), .filter(filter, shared.input))
        case .aggregate(var aggregation, let input):
            var parts = aggregation.keys.map { Part($0, isCertain: true) }
            for call in aggregation.calls {
                // Rows that a FILTER leaves out are not asked for arguments that may fault.
                parts += (call.arguments + call.order.map(\.expression)).map {
                    Part($0, isCertain: call.filter == nil)
                }
                parts += call.filter.map { [Part($0, isCertain: true)] } ?? []
            }
            guard let shared = shared(parts, over: input, keepsAll: false) else { return node }
            var rest = shared.expressions[...]
            aggregation.keys = aggregation.keys.map { _ in rest.removeFirst() }
            for index in aggregation.calls.indices {
                let call = aggregation.calls[index]
                aggregation.calls[index].arguments = call.arguments.map { _ in rest.removeFirst() }
                for place in call.order.indices {
                    aggregation.calls[index].order[place].expression = rest.removeFirst()
                }
                if call.filter != nil { aggregation.calls[index].filter = rest.removeFirst() }
            }
            return .aggregate(aggregation, shared.input)
        default: return node
        }
    }

    private struct Part {
        var expression: Expression
        /// It is computed for every row of the input.
        let isCertain: Bool

        init(_ expression: Expression, isCertain: Bool) {
            self.expression = expression
            self.isCertain = isCertain
        }
    }

    /// The expressions over another input that has what they share; nil when that is nothing worth it.
    private static func shared(
        _ parts: [Part], over input: LogicalPlan, keepsAll: Bool
    ) -> (expressions: [Expression], input: LogicalPlan)? {
        guard parts.reduce(0, { $0 + $1.expression.size }) <= sizeLimit else { return nil }
        let width = input.width
        var parts = parts
        // Over the input alone; the n-th is read as column `width + n`.
        var definitions: [Expression] = []
        while definitions.count < sharedLimit,
            let found = Repetition.best(in: parts.map { ($0.expression, $0.isCertain) })
        {
            let place = width + definitions.count
            for index in parts.indices {
                parts[index].expression = parts[index].expression.replacing(
                    found.expression, with: .column(place, found.expression.type))
            }
            definitions.append(found.expression.expanding(definitions, from: width))
        }
        let read = parts.reduce(into: Set<Int>()) { $0.formUnion($1.expression.columns) }
        guard read.contains(where: { $0 >= width }) else { return nil }
        let fields = input.schema.fields
        var places: [Int: Int] = [:]
        var expressions: [Expression] = []
        var names: [String] = []
        for index in 0..<width where keepsAll || read.contains(index) {
            places[index] = expressions.count
            expressions.append(.column(index, fields[index].type))
            names.append(fields[index].name)
        }
        for (index, definition) in definitions.enumerated() where read.contains(width + index) {
            places[width + index] = expressions.count
            names.append("#\(expressions.count)")
            expressions.append(definition)
        }
        // What the shared ones have in common is a level further down.
        let below = share(.project(Projection(expressions, names: names), input))
        return (parts.map { part in part.expression.remapped { places[$0] ?? 0 } }, below)
    }
}

/// An expression that stands in several places.
private struct Repetition {
    /// As it first stands: places in the text do not count when it is compared.
    let expression: Expression
    private(set) var count = 0
    private(set) var isCertain = false

    /// Arithmetic on two columns is done before a batch has gone through one more projection.
    private static let leastWork = 2

    private init(_ expression: Expression) { self.expression = expression }

    private mutating func add(isCertain: Bool) {
        count += 1
        self.isCertain = self.isCertain || isCertain
    }

    /// The one with the most work in it; the first of equals.
    static func best(in parts: [(Expression, isCertain: Bool)]) -> Repetition? {
        var found: [Expression: Repetition] = [:]
        var order: [Expression] = []
        func collect(_ expression: Expression, isCertain: Bool) {
            switch expression {
            case .column, .literal: return
            default: break
            }
            if found[expression] == nil { order.append(expression) }
            found[expression, default: Repetition(expression)].add(isCertain: isCertain)
            for (index, child) in expression.children.enumerated() {
                collect(child, isCertain: isCertain && (index == 0 || expression.needsAllChildren))
            }
        }
        for part in parts { collect(part.0, isCertain: part.isCertain) }
        var best: (repetition: Repetition, work: Int)?
        for expression in order {
            guard let candidate = found[expression], candidate.count > 1, candidate.isCertain,
                !expression.isVolatile, !expression.isConstant
            else { continue }
            let work = expression.work
            if work >= leastWork, work > best?.work ?? 0 { best = (candidate, work) }
        }
        return best?.repetition
    }
}

extension Expression {
    /// Every child is computed for each row, and its faults are the whole's.
    fileprivate var needsAllChildren: Bool {
        switch self {
        case .caseWhen, .call(.coalesce, _, _), .call(.and, _, _), .call(.or, _, _): false
        default: true
        }
    }

    /// With another in place of each `key`.
    fileprivate func replacing(_ key: Expression, with other: Expression) -> Expression {
        if self == key { return other }
        let parts = children
        return parts.isEmpty ? self : withChildren(parts.map { $0.replacing(key, with: other) })
    }

    /// With the n-th definition in place of column `base + n`.
    fileprivate func expanding(_ definitions: [Expression], from base: Int) -> Expression {
        rewritten { expression in
            guard case .column(let index, _) = expression, index >= base else { return expression }
            return definitions[index - base]
        }
    }

    /// What computing it for a row costs, about: one for arithmetic and comparisons.
    fileprivate var work: Int {
        let own: Int
        switch self {
        case .column, .literal, .located: own = 0
        case .cast(let value, let type, _):
            own = value.type.physical == .string || type.physical == .string ? 4 : 1
        case .caseWhen, .inList: own = 2
        case .chain(_, let links): own = links.count
        case .call(let function, _, _):
            switch function {
            case .add, .subtract, .multiply, .negate, .equal, .notEqual, .less, .lessOrEqual, .greater,
                .greaterOrEqual, .isNull, .isNotNull, .and, .or, .not, .coalesce:
                own = 1
            case .divide, .modulo: own = 2
            default: own = 4
            }
        }
        return children.reduce(own) { $0 + $1.work }
    }
}
