import Columnar
import Plans
import SQLSyntax

/// The columns of one query that queries inside it read: those get a number each, the same in all of the statement.
///
/// A class, because binders at any depth add to it.
final class OuterFrame {
    let scope: Scope
    private let numbers: OuterNumbers
    /// What stands behind each number, over the scope's columns.
    private(set) var values: [Int: Expression] = [:]
    /// Where each column of the scope was read first.
    private(set) var positions: [Int: TextPosition] = [:]

    init(_ scope: Scope, _ numbers: OuterNumbers) {
        self.scope = scope
        self.numbers = numbers
    }

    /// The name read in this scope, for a query inside.
    ///
    /// - Errors: those of `Scope.resolve`.
    func resolve(_ name: QualifiedName) throws(PlannerError) -> Expression {
        try scope.resolve(name).rewritten { expression in
            guard case .column(let column, let type) = expression else { return expression }
            if positions[column] == nil { positions[column] = name.position }
            let number = numbers.number(of: column)
            values[number] = .column(column, type)
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

    init(_ counts: StatementCounts) { self.counts = counts }

    func number(of column: Int) -> Int {
        if let known = numbers[column] { return known }
        let number = Placeholder.outer + counts.nextOuter()
        numbers[column] = number
        return number
    }
}

/// What is counted over a whole statement.
final class StatementCounts {
    private var outer = 0
    private var recursions = 0
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
}
