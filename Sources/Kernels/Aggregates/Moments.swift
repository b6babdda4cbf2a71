import Columnar

/// Count, mean and squared distance from it: variance without the cancellation of a sum of squares.
///
/// Source: Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979.
struct Moments: Sendable {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    @inline(__always)
    mutating func add(_ value: Double) {
        count += 1
        let distance = value - mean
        mean += distance / count
        squares += distance * (value - mean)
    }

    mutating func merge(_ other: Moments) {
        guard other.count > 0 else { return }
        let total = count + other.count
        let distance = other.mean - mean
        squares += other.squares + distance * distance * count * other.count / total
        mean += distance * other.count / total
        count = total
    }
}

/// What differs between the four spreads, told to the compiler by type so that the loop is one.
protocol SpreadKind: Sendable {
    static var isSample: Bool { get }
    static var isDeviation: Bool { get }
}
enum VarianceSample: SpreadKind {
    static let isSample = true
    static let isDeviation = false
}
enum VariancePopulation: SpreadKind {
    static let isSample = false
    static let isDeviation = false
}
enum DeviationSample: SpreadKind {
    static let isSample = true
    static let isDeviation = true
}
enum DeviationPopulation: SpreadKind {
    static let isSample = false
    static let isDeviation = true
}

struct Spread<Kind: SpreadKind>: Accumulator {
    private var moments = Moments()

    init() {}

    @inline(__always)
    mutating func add(_ value: Double) { moments.add(value) }
    mutating func merge(_ other: Spread) { moments.merge(other.moments) }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Double? {
        let divisor = moments.count - (Kind.isSample ? 1 : 0)
        guard divisor > 0 else { return nil }
        let variance = moments.squares / divisor
        return Kind.isDeviation ? variance.squareRoot() : variance
    }
}

/// covar_samp, corr, regr_slope and their like: how two columns move together; rows where either is null are left out.
struct CovarianceState: AggregateState {
    private struct Pair {
        var count = 0.0
        var left = 0.0
        var right = 0.0
        var product = 0.0
        var leftSquares = 0.0
        var rightSquares = 0.0

        mutating func add(_ x: Double, _ y: Double) {
            merge(Pair(count: 1, left: x, right: y))
        }

        mutating func merge(_ other: Pair) {
            guard other.count > 0 else { return }
            let total = count + other.count
            let dx = other.left - left
            let dy = other.right - right
            let weight = count * other.count / total
            product += other.product + dx * dy * weight
            leftSquares += other.leftSquares + dx * dx * weight
            rightSquares += other.rightSquares + dy * dy * weight
            left += dx * other.count / total
            right += dy * other.count / total
            count = total
        }
    }
    private let function: AggregateFunction
    private let result: DataType
    private var groups: [Pair] = [Pair()]

    init(_ function: AggregateFunction, result: DataType) {
        self.function = function
        self.result = result
    }

    var byteCount: Int { groups.capacity * MemoryLayout<Pair>.stride }

    mutating func resize(to count: Int) {
        guard count > groups.count else { return }
        groups.append(contentsOf: repeatElement(Pair(), count: count - groups.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let left = try rows.arguments[0].cast(to: .double)
        let right = try rows.arguments[1].cast(to: .double)
        let valid = left.validityBits() & right.validityBits()
        let xs: Operand<Double> = left.operand()
        let ys: Operand<Double> = right.operand()
        for row in 0..<rows.rowCount where valid[row] {
            groups[Int(rows.groups?[row] ?? 0)].add(xs[row], ys[row])
        }
    }

    mutating func merge(_ other: any AggregateState, groups ids: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in ids.enumerated() { groups[Int(id)].merge(other.groups[group]) }
    }

    func partial(_ range: Range<Int>) -> Column { StateBytes.column(groups, range) }

    mutating func merge(partial column: Column, groups ids: [Int32]) throws(KernelError) {
        StateBytes.forEach(column, Pair.self) { row, pair in groups[Int(ids[row])].merge(pair) }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try answers(groups.count) { groups[$0] }
    }

    private func answers(_ count: Int, _ pair: (Int) -> Pair) throws(KernelError) -> Column {
        let column = try RowPlan(count: count).fixed(.double) { row throws(KernelError) -> Double? in
            return value(pair(row))
        }
        return try column.cast(to: result)
    }
}

extension CovarianceState {
    /// The first argument is y, the second x.
    private func value(_ pair: Pair) -> Double? {
        if function == .regressionCount { return pair.count }
        guard pair.count > 0 else { return nil }
        switch function {
        case .correlation:
            let spread = (pair.leftSquares * pair.rightSquares).squareRoot()
            return pair.count < 2 || spread == 0 ? nil : pair.product / spread
        case .covarianceSample: return pair.count < 2 ? nil : pair.product / (pair.count - 1)
        case .covariancePopulation: return pair.product / pair.count
        case .regressionAverageX: return pair.right
        case .regressionAverageY: return pair.left
        case .regressionSXX: return pair.rightSquares
        case .regressionSYY: return pair.leftSquares
        case .regressionSXY: return pair.product
        default: break
        }
        // A line needs two different x. Infinities among them make a NaN of it.
        guard pair.rightSquares != 0 else { return nil }
        let slope = pair.product / pair.rightSquares
        switch function {
        case .regressionSlope: return slope
        case .regressionIntercept: return pair.left - slope * pair.right
        default:
            // DataFusion's meaning; PostgreSQL has 1 for points of one height.
            return pair.leftSquares == 0
                ? nil : pair.product * pair.product / (pair.leftSquares * pair.rightSquares)
        }
    }
}

extension CovarianceState: WindowedState {
    private struct Source: FoldSource {
        let left: Operand<Double>
        let right: Operand<Double>
        let validity: Bitmap

        var count: Int { validity.count }
        var empty: Pair { Pair() }
        func add(_ row: Int, to node: inout Pair) { if validity[row] { node.add(left[row], right[row]) } }
        func merge(_ other: Pair, into node: inout Pair) { node.merge(other) }
    }

    func windowed(
        _ arguments: [Column], _ frames: FrameRanges, _ around: WindowSurroundings
    ) throws(KernelError) -> Column {
        let left = try arguments[0].cast(to: .double)
        let right = try arguments[1].cast(to: .double)
        var fold = FrameFold(
            Source(
                left: left.operand(), right: right.operand(),
                validity: left.validityBits() & right.validityBits()),
            before: around.before.map { sameKind($0).groups[0] })
        let behind = around.behind.map { sameKind($0).groups[0] }
        return try answers(frames.rowCount) { row in
            var answer = fold.answer(row, of: frames)
            if let behind { answer.merge(behind) }
            return answer
        }
    }
}
