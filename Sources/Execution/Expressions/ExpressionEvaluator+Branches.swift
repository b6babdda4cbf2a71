import Columnar
import Kernels
import Plans

/// Expressions that look at a row only when no earlier part settled it.
extension ExpressionEvaluator {
    func evaluateCase(
        _ branches: [CaseBranch], _ otherwise: Expression?, _ type: DataType, _ input: inout Input
    ) throws(KernelError) -> Column {
        var pieces = Pieces(type: type, count: input.rowCount)
        for branch in branches where !pieces.open.isEmpty {
            let truth = try pieces.overOpen(input) { part throws(KernelError) in
                try evaluate(branch.condition, &part)
            }
            guard let hits = Self.trueRows(truth) else {
                try pieces.settleAll(input) { part throws(KernelError) in try evaluate(branch.value, &part) }
                break
            }
            guard !hits.isEmpty else { continue }
            try pieces.settle(hits, input) { part throws(KernelError) in try evaluate(branch.value, &part) }
        }
        if !pieces.open.isEmpty, let otherwise {
            try pieces.settleAll(input) { part throws(KernelError) in try evaluate(otherwise, &part) }
        }
        return pieces.column()
    }

    func evaluateCoalesce(
        _ arguments: [Expression], _ type: DataType, _ input: inout Input
    ) throws(KernelError) -> Column {
        var pieces = Pieces(type: type, count: input.rowCount)
        for argument in arguments where !pieces.open.isEmpty {
            let column = try pieces.overOpen(input) { part throws(KernelError) in
                try evaluate(argument, &part).cast(to: type)
            }
            guard column.mayHaveNulls else {
                pieces.settleAll(with: column)
                break
            }
            let present = (0..<Int32(truncatingIfNeeded: column.count)).filter { !column.isNull(Int($0)) }
            pieces.settle(present, with: column.gather(present))
        }
        return pieces.column()
    }

    /// All terms over all rows; only when one fails is it asked again for the rows that are still open.
    func evaluateLogic(
        _ function: ScalarFunction, _ terms: [Expression], _ input: inout Input
    ) throws(KernelError) -> Column {
        guard var result = try terms.first.map({ term throws(KernelError) in try evaluate(term, &input) })
        else {
            return .constant(.boolean(function == .and), .boolean, count: input.rowCount)
        }
        for term in terms.dropFirst() {
            let next: Column
            do throws(KernelError) {
                next = try evaluate(term, &input)
            } catch {
                // A false term settles AND, a true one OR, whatever the others say.
                let test: ScalarFunction = function == .and ? .isNotFalse : .isNotTrue
                let isOpen = try test.evaluate([result], rowCount: result.count, result: .boolean)
                guard let open = Self.trueRows(isOpen) else { throw error }
                next = try evaluateOpen(term, open, settled: .boolean(function == .or), input)
            }
            result = try function.evaluate(
                [result, next], rowCount: input.rowCount, result: .boolean, in: context)
        }
        return result
    }

    private func evaluateOpen(
        _ term: Expression, _ open: [Int32], settled: Scalar, _ input: Input
    ) throws(KernelError) -> Column {
        var pieces = Pieces(type: .boolean, count: input.rowCount)
        if !open.isEmpty {
            try pieces.settle(open, input) { part throws(KernelError) in try evaluate(term, &part) }
        }
        pieces.settleAll(with: .constant(settled, .boolean, count: pieces.open.count))
        return pieces.column()
    }

    /// A column put together from parts computed for some rows each.
    private struct Pieces {
        private let type: DataType
        private let count: Int
        /// Rows without an answer yet, ascending.
        private(set) var open: [Int32]
        private var parts: [Column] = []
        private var partRows: [[Int32]] = []

        init(type: DataType, count: Int) {
            self.type = type
            self.count = count
            open = (0..<Int32(truncatingIfNeeded: count)).map { $0 }
        }

        private func narrowed(_ input: Input, to rows: [Int32]) -> Input {
            rows.count == count ? input : input.narrowed(to: rows)
        }

        func overOpen(
            _ input: Input, _ body: (inout Input) throws(KernelError) -> Column
        ) throws(KernelError) -> Column {
            try compute(open, input, body)
        }

        private func compute(
            _ rows: [Int32], _ input: Input, _ body: (inout Input) throws(KernelError) -> Column
        ) throws(KernelError) -> Column {
            var part = narrowed(input, to: rows)
            do throws(KernelError) {
                return try body(&part)
            } catch {
                throw error.moved(to: error.row.map { Int(rows[$0]) })
            }
        }

        /// Computes the open rows at `hits` (positions among the open ones) and closes them.
        mutating func settle(
            _ hits: [Int32], _ input: Input, _ body: (inout Input) throws(KernelError) -> Column
        ) throws(KernelError) {
            let rows = hits.mapped(through: open)
            settle(hits, with: try compute(rows, input, body))
        }

        mutating func settleAll(
            _ input: Input, _ body: (inout Input) throws(KernelError) -> Column
        ) throws(KernelError) {
            settleAll(with: try compute(open, input, body))
        }

        mutating func settle(_ hits: [Int32], with column: Column) {
            parts.append(column)
            partRows.append(hits.mapped(through: open))
            var isHit = Bitmap(repeating: false, count: open.count)
            for hit in hits { isHit[Int(hit)] = true }
            open = (~isHit).setIndices.mapped(through: open)
        }

        mutating func settleAll(with column: Column) {
            parts.append(column)
            partRows.append(open)
            open = []
        }

        /// Rows never settled are null.
        func column() -> Column {
            if parts.count == 1, partRows[0].count == count { return parts[0] }
            if parts.isEmpty { return .nulls(type, count: count) }
            var all = parts
            var rows = partRows
            if !open.isEmpty {
                all.append(.nulls(type, count: open.count))
                rows.append(open)
            }
            var places = [Int32](repeating: 0, count: count)
            var next: Int32 = 0
            for part in rows {
                for row in part {
                    places[Int(row)] = next
                    next += 1
                }
            }
            return Column.concatenate(all.map { $0.flattened() }, type: type).gather(places)
        }
    }
}
