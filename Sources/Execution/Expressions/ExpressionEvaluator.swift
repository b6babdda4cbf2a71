package import Columnar
package import Kernels
package import Plans

/// Computes expressions over batches: for queries, pipelines and maintenance alike.
///
/// - Shapes: a result has one row for each chosen row of the batch.
/// - Errors: `KernelError` with the place of the expression; its row counts the chosen rows from zero. CASE, COALESCE, AND and OR do not fail for rows
///   that an earlier branch or term settled.
package struct ExpressionEvaluator: Sendable {
    package var context: KernelContext

    package init(context: KernelContext = KernelContext()) { self.context = context }

    package func evaluate(_ expression: Expression, over batch: Batch) throws(KernelError) -> Column {
        var input = Input(batch)
        return try evaluate(expression, &input)
    }

    package func evaluate(_ expressions: [Expression], over batch: Batch) throws(KernelError) -> [Column] {
        var input = Input(batch)
        var columns: [Column] = []
        for expression in expressions { columns.append(try evaluate(expression, &input)) }
        return columns
    }

    /// The same batch with only those rows chosen for which the condition is true; nil when there are none.
    package func filter(_ batch: Batch, where condition: Expression) throws(KernelError) -> Batch? {
        var current = batch
        // Terms one by one: each sees only the rows that the earlier ones left.
        for term in condition.conjuncts {
            let truth = try evaluate(term, over: current)
            guard let rows = Self.trueRows(truth) else { continue }
            if rows.isEmpty { return nil }
            current = current.selecting(current.selection.map { rows.mapped(through: $0) } ?? rows)
        }
        return current.rowCount == 0 ? nil : current
    }

    /// Positions of true rows; nil when all are.
    package static func trueRows(_ truth: Column) -> [Int32]? {
        switch truth.constantValue {
        case .boolean(true): return nil
        case .some: return []
        case nil: break
        }
        guard case .boolean(let bits) = truth.flattened().values else { return [] }
        let chosen = truth.validity.map { bits & $0 } ?? bits
        return chosen.isAllSet ? nil : chosen.setIndices
    }

    /// A batch as expressions see it: columns are gathered by the selection when first read.
    struct Input {
        let batch: Batch
        private var gathered: [Int: Column] = [:]

        init(_ batch: Batch) { self.batch = batch }

        var rowCount: Int { batch.rowCount }

        mutating func column(_ index: Int) -> Column {
            guard let selection = batch.selection else { return batch.columns[index] }
            if let known = gathered[index] { return known }
            let column = batch.columns[index].gather(selection)
            gathered[index] = column
            return column
        }

        /// Only these of the chosen rows.
        func narrowed(to rows: [Int32]) -> Input {
            Input(batch.selecting(batch.selection.map { rows.mapped(through: $0) } ?? rows))
        }
    }

    func evaluate(_ expression: Expression, _ input: inout Input) throws(KernelError) -> Column {
        switch expression {
        case .column(let index, _): return input.column(index)
        case .literal(let value, let type): return .constant(value, type, count: input.rowCount)
        case .located(let inner, let place):
            do throws(KernelError) {
                return try evaluate(inner, &input)
            } catch {
                throw error.at(place.place)
            }
        case .cast(let value, let type, let isTry):
            return try evaluate(value, &input).cast(to: type, isTry: isTry)
        case .chain(let first, let links):
            var column = try evaluate(first, &input)
            for link in links {
                let operand = try evaluate(link.operand, &input)
                column = try link.evaluate(column, operand, rowCount: input.rowCount, in: context)
            }
            return column
        case .inList(let value, let elements, let isNegated):
            let column = try evaluate(value, &input)
            return Membership(elements, type: value.type).evaluate(column, isNegated: isNegated)
        case .caseWhen(let branches, let otherwise, let type):
            return try evaluateCase(branches, otherwise, type, &input)
        case .call(.coalesce, let arguments, let type): return try evaluateCoalesce(arguments, type, &input)
        case .call(.and, let terms, _): return try evaluateLogic(.and, terms, &input)
        case .call(.or, let terms, _): return try evaluateLogic(.or, terms, &input)
        case .call(let function, let arguments, let type):
            var columns: [Column] = []
            columns.reserveCapacity(arguments.count)
            for argument in arguments { columns.append(try evaluate(argument, &input)) }
            return try function.evaluate(columns, rowCount: input.rowCount, result: type, in: context)
        }
    }
}

extension [Int32] {
    /// These positions as positions in what `other` was chosen from.
    func mapped(through other: [Int32]) -> [Int32] { other.gather(self) }
}
