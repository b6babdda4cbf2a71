import Columnar
import Kernels
import Plans

/// Turns one batch into rows of elements, a batch of them at a time.
struct UnnestWork: Sendable {
    let unnesting: Unnesting
    let schema: Schema
    let limit: Int

    init(_ unnesting: Unnesting, over input: Schema, limit: Int) {
        self.unnesting = unnesting
        self.limit = limit
        schema = unnesting.schema(over: input)
    }

    func run(_ batch: Batch, _ evaluator: ExpressionEvaluator, emit: (Batch) throws -> Demand) throws
        -> Demand
    {
        let dense = batch.dense()
        var items: [UnnestItem] = []
        for item in unnesting.items { items.append(try UnnestItem(item, over: dense, evaluator)) }
        var rows: [Int32] = []
        var numbers: [Int64] = []
        func flush() throws -> Demand {
            if rows.isEmpty { return .more }
            var columns = dense.columns.map { $0.gather(rows) }
            for item in items { columns += try item.columns(rows, numbers) }
            if unnesting.hasOrdinality {
                let validity = Bitmap(numbers.map { $0 >= 0 })
                columns.append(
                    Column(
                        .long, count: rows.count, .int64(numbers.map { $0 + 1 }),
                        validity: validity.isAllSet ? nil : validity))
            }
            let part = Batch(schema: schema, columns: columns, rowCount: rows.count)
            rows.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
            return try emit(part)
        }
        for row in 0..<dense.rowCount {
            let count = items.reduce(Int64(0)) { max($0, $1.count(of: row)) }
            if count == 0, unnesting.keepsEmpty {
                rows.append(Int32(truncatingIfNeeded: row))
                // No element has this number.
                numbers.append(-1)
            }
            var number: Int64 = 0
            while number < count {
                let taken = min(count - number, Int64(limit - rows.count))
                rows.append(contentsOf: repeatElement(Int32(truncatingIfNeeded: row), count: Int(taken)))
                numbers.append(contentsOf: number..<number + taken)
                number += taken
                if rows.count >= limit, try flush() == .finished { return .finished }
            }
            if rows.count >= limit, try flush() == .finished { return .finished }
        }
        return try flush()
    }
}

/// One list, map or series of each row of a batch.
private enum UnnestItem {
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
            if from.type == .long {
                self = .numbers(IntegerSeries(columns, includesEnd: includesEnd))
                return
            }
            let times = try TimeSeries(columns, includesEnd: includesEnd, type: from.type, evaluator)
            self = .times(Self.padded(times.values), offsets: times.offsets)
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
