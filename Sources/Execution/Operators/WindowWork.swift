import Columnar
import Kernels
import Plans

/// A windowing, prepared: every expression is computed once for a run of partitions, each frame found once.
struct WindowWork: Sendable {
    let windowing: Windowing
    let schema: Schema
    let inputSchema: Schema
    let expressions: [Expression]
    private let places: [Expression: Int]

    init(_ windowing: Windowing, over input: Schema) {
        self.windowing = windowing
        inputSchema = input
        schema = windowing.schema(over: input)
        var expressions: [Expression] = []
        var places: [Expression: Int] = [:]
        for expression in windowing.expressions where places[expression] == nil {
            places[expression] = expressions.count
            expressions.append(expression)
        }
        self.expressions = expressions
        self.places = places
    }

    /// The first row of `batch` from which on another partition runs than in the row before; `last` is the row before
    /// the batch.
    func border(in batch: Batch, after last: Batch, _ evaluator: ExpressionEvaluator) throws -> Int? {
        guard !windowing.partition.isEmpty else { return nil }
        let order = try keys(of: batch, evaluator)
        var (previous, place) = (try keys(of: last.slice(last.rowCount - 1..<last.rowCount), evaluator), 0)
        for row in 0..<batch.rowCount {
            if order.compare(row, previous, place) != 0 { return row }
            (previous, place) = (order, row)
        }
        return nil
    }

    private func keys(of batch: Batch, _ evaluator: ExpressionEvaluator) throws -> RowOrder {
        let columns = try evaluator.evaluate(windowing.partition, over: batch)
        return RowOrder(columns, columns.map { _ in SortDirection() }, rowCount: batch.rowCount)
    }

    /// The last row of `batch` from which on another partition runs than in the row before; `last` as for `border`, nil for
    /// no row.
    func lastBorder(in batch: Batch, after last: Batch?, _ evaluator: ExpressionEvaluator) throws -> Int? {
        guard !windowing.partition.isEmpty else { return nil }
        let starts = try starts(of: windowing.partition, in: batch, after: last, evaluator)
        return (last == nil ? starts.dropFirst() : starts[...]).last
    }

    /// The rows of one partition that do not sort like the row before them; `last` is the row before the batch.
    func peerStarts(in batch: Batch, after last: Batch?, _ evaluator: ExpressionEvaluator) throws -> [Int] {
        try starts(of: windowing.order.map(\.expression), in: batch, after: last, evaluator)
    }

    /// The rows whose keys differ from the row before them; the first row where there is none before.
    private func starts(
        of keys: [Expression], in batch: Batch, after last: Batch?, _ evaluator: ExpressionEvaluator
    ) throws -> [Int] {
        guard batch.rowCount > 0 else { return [] }
        func order(_ batch: Batch) throws -> RowOrder {
            let columns = try evaluator.evaluate(keys, over: batch)
            return RowOrder(columns, columns.map { _ in SortDirection() }, rowCount: batch.rowCount)
        }
        let own = try order(batch)
        let isFirst = try last.map { last in
            try own.compare(0, order(last.slice(last.rowCount - 1..<last.rowCount)), 0) != 0
        }
        let others = stride(from: 1, to: batch.rowCount, by: 1).filter { own.compare($0 - 1, own, $0) != 0 }
        return (isFirst ?? true ? [0] : []) + others
    }

    /// The rows, which are whole partitions in order, with the functions' columns.
    ///
    /// `check` is called between functions.
    func run(_ batch: Batch, _ evaluator: ExpressionEvaluator, check: () throws -> Void) throws -> Batch {
        let columns = try evaluator.evaluate(expressions, over: batch)
        func value(_ expression: Expression) -> Column { self.value(expression, in: columns) }
        let rows = WindowRows(
            partition: windowing.partition.map(value), order: windowing.order.map { value($0.expression) },
            rowCount: batch.rowCount)
        var frames: [FrameKey: FrameRanges] = [:]
        var results: [Column] = []
        for call in windowing.calls {
            try check()
            let answer = try call.place.locating {
                var ranges: FrameRanges?
                if call.readsFrame {
                    let key = FrameKey(call)
                    ranges = try frames[key] ?? bounds(call, rows, value).ranges()
                    frames[key] = ranges
                }
                return try compute(call, rows, ranges, value)
            }
            results.append(answer)
        }
        return Batch(schema: schema, columns: batch.columns + results, rowCount: batch.rowCount)
    }

    /// One of the columns that `expressions` gave.
    func value(_ expression: Expression, in columns: [Column]) -> Column { columns[places[expression] ?? 0] }

    func bounds(
        _ call: WindowCall, _ rows: WindowRows, _ value: (Expression) -> Column
    ) -> FrameBounds {
        FrameBounds(
            call.frame, rows: rows, start: call.start.map(value), end: call.end.map(value),
            rangeKey: call.rangeKey.map(value),
            direction: windowing.order.first.map {
                SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
            } ?? SortDirection())
    }

    /// The answers of a call, a row each of `frames`, or of `rows` where the function reads no frame.
    ///
    /// `around` is what frames hold beside the rows.
    func compute(
        _ call: WindowCall, _ rows: WindowRows, _ frames: FrameRanges?, _ value: (Expression) -> Column,
        around: WindowSurroundings? = nil
    ) throws -> Column {
        switch call.function {
        case .window(let function):
            return try function.evaluate(
                call.arguments.map(value), rows: rows, frames: frames, ignoresNulls: call.ignoresNulls,
                result: call.type)
        case .aggregate(let function):
            guard let frames else {
                throw ExecutionError(.inconsistentPlan, "an aggregate over a window has a frame")
            }
            let (aggregate, arguments) = aggregate(call, function, value)
            return try aggregate.evaluate(
                arguments, filter: call.filter.map(value), frames: frames, around: around)
        }
    }

    /// The aggregate with its arguments, the keys of its own order behind them.
    func aggregate(
        _ call: WindowCall, _ function: AggregateFunction, _ value: (Expression) -> Column
    ) -> (WindowAggregate, [Column]) {
        let arguments = (call.arguments + call.order.map(\.expression)).map(value)
        let aggregate = WindowAggregate(
            function, argumentTypes: arguments.map(\.type), result: call.type, isDistinct: call.isDistinct,
            order: call.order.map {
                SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
            })
        return (aggregate, arguments)
    }

    /// Bytes of working memory for so many rows: peers, frames and answers.
    func scratchBytes(rowCount: Int) -> Int {
        let (bytes, overflow) = rowCount.multipliedReportingOverflow(by: 32 + 32 * windowing.calls.count)
        return overflow ? .max : bytes
    }
}

/// What makes two calls see the same frames.
private struct FrameKey: Hashable {
    let frame: WindowFrame
    let start: Expression?
    let end: Expression?

    init(_ call: WindowCall) {
        frame = call.frame
        start = call.start
        end = call.end
    }
}
