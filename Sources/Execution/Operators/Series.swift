import Columnar
import Kernels

/// Whole numbers from a start by a step: computed where they are read, however many there are.
struct IntegerSeries {
    private var starts: [Int64]
    private var steps: [Int64]
    private var counts: [Int64]

    /// `columns`: from, to, step, all longs.
    ///
    /// - Errors: `KRN-104` for a step of 0.
    init(_ columns: [Column], includesEnd: Bool) throws(KernelError) {
        let count = columns[0].count
        let parts = columns.map { column in (0..<count).map { column.scalar(at: $0).longValue } }
        starts = parts[0].map { $0 ?? 0 }
        steps = parts[2].map { $0 ?? 0 }
        counts = try (0..<count).map { row throws(KernelError) in
            guard let from = parts[0][row], let to = parts[1][row], let step = parts[2][row] else { return 0 }
            guard step != 0 else { throw .seriesStandsStill(at: row) }
            // 128 bits hold every distance of longs.
            let distance = Int128(to) - Int128(from)
            let whole = distance / Int128(step)
            if distance != 0, (distance < 0) != (step < 0) { return 0 }
            let isHit = distance % Int128(step) == 0
            let number = whole + (includesEnd || !isHit ? 1 : 0)
            return Int64(clamping: number)
        }
    }

    func count(of row: Int) -> Int64 { counts[row] }

    func column(_ rows: [Int32], _ numbers: [Int64]) -> Column {
        var values = [Int64](repeating: 0, count: rows.count)
        var isKnown = [Bool](repeating: true, count: rows.count)
        for place in rows.indices {
            let row = Int(rows[place])
            isKnown[place] = numbers[place] >= 0 && numbers[place] < counts[row]
            values[place] = starts[row] &+ numbers[place] &* steps[row]
        }
        let validity = Bitmap(isKnown)
        return Column(.long, count: rows.count, .int64(values), validity: validity.isAllSet ? nil : validity)
    }
}

/// Times from a start by an interval, each one the interval added to the one before.
///
/// - Errors: `KRN-104` for a step of no length, `KRN-106` beyond a million times a batch.
struct TimeSeries {
    private static let limit = 1_000_000
    let values: Column
    let offsets: [Int32]

    init(
        _ columns: [Column], includesEnd: Bool, type: DataType, _ evaluator: ExpressionEvaluator
    ) throws(KernelError) {
        var times: [Scalar] = []
        var offsets: [Int32] = [0]
        for row in 0..<columns[0].count {
            try Self.append(
                columns.map { $0.scalar(at: row) }, row, includesEnd, type, evaluator.context, into: &times)
            offsets.append(Int32(truncatingIfNeeded: times.count))
        }
        values = Column(type, times)
        self.offsets = offsets
    }

    private static func append(
        _ bounds: [Scalar], _ row: Int, _ includesEnd: Bool, _ type: DataType, _ context: KernelContext,
        into times: inout [Scalar]
    ) throws(KernelError) {
        guard let end = bounds[1].longValue, case .interval(let step) = bounds[2], !bounds[0].isNull else {
            return
        }
        let length = step.approximateMicroseconds
        guard length != 0 else { throw .seriesStandsStill(at: row) }
        var current = bounds[0]
        while let time = current.longValue {
            let isBeyond = length > 0 ? time > end : time < end
            if isBeyond || time == end && !includesEnd { return }
            guard times.count < limit else {
                throw KernelError(.tooLarge, "a series has too many times", ["limit": limit])
            }
            times.append(current)
            current = try ScalarFunction.add.evaluate(
                [.constant(current, type, count: 1), .constant(bounds[2], .interval, count: 1)], rowCount: 1,
                result: type, in: context
            ).scalar(at: 0)
        }
    }
}

extension KernelError {
    fileprivate static func seriesStandsStill(at row: Int) -> KernelError {
        KernelError(.invalidArgument, "the step of a series is not 0", row: row)
    }
}

extension Scalar {
    fileprivate var longValue: Int64? { if case .long(let value) = self { value } else { nil } }
}
