import Columnar
import Kernels
import Plans

/// Answers count, min and max of a whole table from what its manifests tell, where that is exact.
///
/// Not where rows are deleted or filtered, nor where a bound may be cut short or leaves out NaN.
struct AnswerFromStatistics: NodePass {
    let name = "answer_from_statistics"

    func rewritten(_ node: LogicalPlan) -> LogicalPlan {
        guard case .aggregate(let aggregation, let input) = node, aggregation.keys.isEmpty,
            let table = Table(input)
        else { return node }
        var row: [Scalar] = []
        for call in aggregation.calls {
            guard let value = table.answer(call) else { return node }
            row.append(value)
        }
        return .values(ValueRows(schema: aggregation.schema, rows: [row]))
    }

    /// All rows of a table as they are.
    private struct Table {
        let statistics: TableStatistics
        /// For each column of the input, its field.
        let fields: [Field?]

        init?(_ plan: LogicalPlan) {
            switch plan {
            case .scan(let scan):
                guard let known = scan.statistics, known.isExact, scan.filter == nil, scan.limitHint == nil
                else {
                    return nil
                }
                statistics = known
                fields = scan.fields
            case .project(let projection, let input):
                guard let inner = Table(input) else { return nil }
                statistics = inner.statistics
                fields = projection.expressions.map { expression in
                    if case .column(let index, _) = expression { inner.fields[index] } else { nil }
                }
            default: return nil
            }
        }

        /// Nil where it is not known.
        func answer(_ call: AggregateCall) -> Scalar? {
            guard call.filter == nil else { return nil }
            switch call.function {
            case .countAll: return .long(statistics.rowCount)
            case .count where !call.isDistinct && call.arguments.count == 1:
                return column(call.arguments[0])?.nullCount.map { .long(statistics.rowCount - $0) }
            case .minimum, .maximum:
                guard let column = column(call.arguments[0]), column.isExact,
                    call.type == call.arguments[0].type
                else { return nil }
                if let bound = call.function == .minimum ? column.lower : column.upper { return bound }
                return column.nullCount == statistics.rowCount ? .null : nil
            default: return nil
            }
        }

        private func column(_ expression: Expression) -> TableStatistics.Column? {
            guard case .column(let index, let type) = expression, let field = fields[index],
                field.type == type,
                let id = field.id
            else { return nil }
            return statistics.columns[id]
        }
    }
}
