package import Columnar
import Kernels
package import Plans

/// A batch, and the lists of its rows.
struct UnnestedLists: Sendable {
    let batch: Batch
    fileprivate let items: [UnnestItem]
    let cursor: UnnestCursor
}

/// Turns one batch into rows of elements, a batch of them at a time.
package struct UnnestWork: Sendable {
    let unnesting: Unnesting
    let input: Schema
    let schema: Schema
    let limit: Int

    /// `limit` is the most rows of a batch that is made.
    package init(_ unnesting: Unnesting, over input: Schema, limit: Int) {
        self.unnesting = unnesting
        self.input = input
        self.limit = limit
        schema = unnesting.schema(over: input)
    }

    /// Where the lists of all rows are too much, those of fewer may do.
    func run(_ batch: Batch, _ evaluator: ExpressionEvaluator, emit: (Batch) throws -> Demand) throws
        -> Demand
    {
        let dense = batch.dense()
        let lists: UnnestedLists
        do {
            lists = try self.lists(of: dense, evaluator)
        } catch let error as KernelError where error.asksForFewerRows && dense.rowCount > 1 {
            let middle = dense.rowCount / 2
            if try run(dense.slice(0..<middle), evaluator, emit: emit) == .finished { return .finished }
            return try run(dense.slice(middle..<dense.rowCount), evaluator, emit: emit)
        }
        return try run(lists, from: lists.cursor, atMost: .max, emit: emit)
    }

    /// `batch` is dense.
    func lists(of batch: Batch, _ evaluator: ExpressionEvaluator) throws -> UnnestedLists {
        var items: [UnnestItem] = []
        for item in unnesting.items { items.append(try UnnestItem(item, over: batch, evaluator)) }
        let counts = (0..<batch.rowCount).map { row in
            items.reduce(Int64(0)) { max($0, $1.count(of: row)) }
        }
        return UnnestedLists(
            batch: batch, items: items,
            cursor: UnnestCursor(counts: counts, keepsEmpty: unnesting.keepsEmpty))
    }

    /// So many rows from `start` on.
    func run(
        _ lists: UnnestedLists, from start: UnnestCursor, atMost count: Int,
        emit: (Batch) throws -> Demand
    ) throws -> Demand {
        var cursor = start
        var left = count
        while left > 0 {
            var rows: [Int32] = []
            var numbers: [Int64] = []
            let size = min(left, limit)
            while rows.count < size, let run = cursor.next(atMost: size - rows.count) {
                rows.append(contentsOf: repeatElement(run.row, count: run.numbers.count))
                numbers.append(contentsOf: run.numbers)
            }
            if rows.isEmpty { return .more }
            left -= rows.count
            if try emit(part(lists, rows, numbers)) == .finished { return .finished }
        }
        return .more
    }

    /// All rows of a dense batch at once, and for each the row it was made of; nil when they are more than `most`.
    package func unnested(
        _ batch: Batch, atMost most: Int, _ evaluator: ExpressionEvaluator
    ) throws -> (batch: Batch, rows: [Int32])? {
        let lists = try self.lists(of: batch, evaluator)
        var cursor = lists.cursor
        var rows: [Int32] = []
        var numbers: [Int64] = []
        while rows.count < most, let run = cursor.next(atMost: most - rows.count) {
            rows.append(contentsOf: repeatElement(run.row, count: run.numbers.count))
            numbers.append(contentsOf: run.numbers)
        }
        guard cursor.isAtEnd else { return nil }
        return (try part(lists, rows, numbers), rows)
    }

    private func part(_ lists: UnnestedLists, _ rows: [Int32], _ numbers: [Int64]) throws -> Batch {
        var columns = lists.batch.columns.map { $0.gather(rows) }
        for item in lists.items { columns += try item.columns(rows, numbers) }
        if unnesting.hasOrdinality {
            let validity = Bitmap(numbers.map { $0 >= 0 })
            columns.append(
                Column(
                    .long, count: rows.count, .int64(numbers.map { $0 + 1 }),
                    validity: validity.isAllSet ? nil : validity))
        }
        return Batch(schema: schema, columns: columns, rowCount: rows.count)
    }
}

/// One list, map or series of each row of a batch.
private enum UnnestItem: Sendable {
    /// Elements of all rows one after the other, a null behind them; where each row's begin.
    case elements([Column], offsets: [Int32], isNull: [Bool])
    case numbers(IntegerSeries)
    /// Times of unlike steps, made before they are given.
    case times(Column, offsets: [Int32])

    init(_ item: Unnesting.Item, over batch: Batch, _ evaluator: ExpressionEvaluator) throws {
        switch item {
        case .list(let value):
            let column = try evaluator.evaluate(value, over: batch).flattened()
            guard case .list(let offsets, let element) = column.values else {
                self = .elements([], offsets: [], isNull: Array(repeating: true, count: batch.rowCount))
                return
            }
            self = .elements(
                [Self.padded(element)], offsets: offsets, isNull: (0..<column.count).map { column.isNull($0) }
            )
        case .map(let value):
            let column = try evaluator.evaluate(value, over: batch).flattened()
            guard case .map(let offsets, let keys, let values) = column.values else {
                self = .elements([], offsets: [], isNull: Array(repeating: true, count: batch.rowCount))
                return
            }
            self = .elements(
                [Self.padded(keys), Self.padded(values)], offsets: offsets,
                isNull: (0..<column.count).map { column.isNull($0) })
        case .series(let from, let to, let step, let includesEnd):
            let columns = try evaluator.evaluate([from, to, step], over: batch)
            do throws(KernelError) {
                if from.type == .long {
                    self = .numbers(try IntegerSeries(columns, includesEnd: includesEnd))
                    return
                }
                let times = try TimeSeries(columns, includesEnd: includesEnd, type: from.type, evaluator)
                self = .times(Self.padded(times.values), offsets: times.offsets)
            } catch {
                guard case .located(_, let place) = step else { throw error }
                throw error.at(place.place)
            }
        }
    }

    private static func padded(_ column: Column) -> Column {
        Column.concatenate(
            [column.flattened(), Column.nulls(column.type, count: 1).flattened()], type: column.type)
    }

    func count(of row: Int) -> Int64 {
        switch self {
        case .elements(_, let offsets, let isNull):
            isNull[row] ? 0 : Int64(offsets[row + 1] - offsets[row])
        case .times(_, let offsets): Int64(offsets[row + 1] - offsets[row])
        case .numbers(let series): series.count(of: row)
        }
    }

    /// The elements with these numbers of these rows; null behind a row's last one.
    func columns(_ rows: [Int32], _ numbers: [Int64]) throws -> [Column] {
        switch self {
        case .numbers(let series): return [series.column(rows, numbers)]
        case .elements(let columns, let offsets, _): return gathered(columns, offsets, rows, numbers)
        case .times(let column, let offsets): return gathered([column], offsets, rows, numbers)
        }
    }

    private func gathered(
        _ columns: [Column], _ offsets: [Int32], _ rows: [Int32], _ numbers: [Int64]
    ) -> [Column] {
        guard let first = columns.first else { return [] }
        let null = Int32(truncatingIfNeeded: first.count - 1)
        let places = zip(rows, numbers).map { row, number in
            number >= 0 && number < count(of: Int(row))
                ? offsets[Int(row)] + Int32(truncatingIfNeeded: number) : null
        }
        return columns.map { $0.gather(places) }
    }
}
