import Columnar
import Kernels
import Plans
import SQLSyntax

/// The columns of one query that queries inside it read: those get a number each, the same in all of the statement.
///
/// A class, because binders at any depth add to it.
final class OuterFrame {
    /// What queries inside have read so far.
    struct Reads {
        /// What stands behind each number, over the scope's columns.
        fileprivate(set) var values: [Int: Expression] = [:]
        /// Where each column of the scope was read first.
        fileprivate(set) var positions: [Int: TextPosition] = [:]
        /// Aggregates that stand in a query inside and belong to this one, by the numbers that stand for them there.
        fileprivate(set) var aggregates: [(number: Int, call: AggregateCall)] = []
    }

    let scope: Scope
    private let numbers: OuterNumbers
    /// What the message says when an aggregate of this query stands here: `WHERE`; nil where aggregates may stand.
    private let aggregateFreeClause: String?
    private(set) var reads = Reads()

    init(_ scope: Scope, _ numbers: OuterNumbers, aggregateFreeClause: String? = "FROM") {
        self.scope = scope
        self.numbers = numbers
        self.aggregateFreeClause = aggregateFreeClause
    }

    var values: [Int: Expression] { reads.values }

    /// Forgets what was read since.
    func reset(to earlier: Reads) { reads = earlier }

    /// Takes in an aggregate of a query inside, which reads no columns but those of this scope and of queries further out.
    ///
    /// - Parameter earlier: what was read before the aggregate was; what it reads is no column beside the groups.
    /// - Returns: what stands for it inside.
    func adopt(
        _ call: AggregateCall, since earlier: Reads, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let numbersInside = call.expressions.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        let isNested = reads.aggregates.contains { numbersInside.contains($0.number) }
        if let clause = isNested ? "another" : aggregateFreeClause {
            throw PlannerError(
                .misplacedAggregate, "an aggregate cannot stand in \(clause)",
                ["function": call.function.name], at: position,
                hint: "it belongs to the query whose columns it reads")
        }
        let own = call.mapExpressions { $0.withOuter(reads.values) }
        let number = numbers.number(of: own)
        reads = earlier
        reads.aggregates.append((number, own))
        return .column(number, call.type)
    }

    /// An adopted aggregate has its place among those of the query.
    func settle(_ number: Int, as value: Expression) { reads.values[number] = value }

    /// The name read in this scope, for a query inside.
    ///
    /// - Errors: those of `Scope.resolve`.
    func resolve(_ name: QualifiedName) throws(PlannerError) -> Expression {
        try scope.resolve(name).rewritten { expression in
            guard case .column(let column, let type) = expression else { return expression }
            if reads.positions[column] == nil { reads.positions[column] = name.position }
            let number = numbers.number(of: column)
            reads.values[number] = .column(column, type)
            return .column(number, type)
        }
    }
}

/// The numbers of one scope's columns: all queries inside it use the same, so that those that are written alike are equal
/// plans.
final class OuterNumbers {
    private let counts: StatementCounts
    /// By column of the scope.
    private var numbers: [Int: Int] = [:]
    private var aggregates: [AggregateCall: Int] = [:]

    init(_ counts: StatementCounts) { self.counts = counts }

    func number(of column: Int) -> Int {
        if let known = numbers[column] { return known }
        let number = Placeholder.outer + counts.nextOuter()
        numbers[column] = number
        return number
    }

    func number(of aggregate: AggregateCall) -> Int {
        if let known = aggregates[aggregate] { return known }
        let number = Placeholder.outer + counts.nextOuter()
        aggregates[aggregate] = number
        return number
    }
}

/// What is counted over a whole statement.
final class StatementCounts {
    private var outer = 0
    private var recursions = 0
    /// By themselves under the id 0.
    private var knownRecursions: [LogicalPlan: LogicalPlan] = [:]
    private(set) var nodes = 0

    func nextOuter() -> Int {
        outer += 1
        return outer
    }

    func nextRecursion() -> Int {
        recursions += 1
        return recursions
    }

    func add(nodes count: Int) { nodes += count }

    /// The recursion under the id of one that is the same, where the statement has it already: two queries that are
    /// written alike are equal plans.
    func known(_ recursion: Recursion, base: LogicalPlan, step: LogicalPlan) -> LogicalPlan {
        let key = LogicalPlan.recursion(
            Recursion(id: 0, isDistinct: recursion.isDistinct), base: base,
            step: step.rewritten { node in
                guard case .workingTable(var table) = node, table.id == recursion.id else { return node }
                table.id = 0
                return .workingTable(table)
            })
        let plan = LogicalPlan.recursion(recursion, base: base, step: step)
        if let known = knownRecursions[key] { return known }
        knownRecursions[key] = plan
        return plan
    }
}
