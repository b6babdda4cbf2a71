import Columnar
import Kernels
import Plans

/// What a window call needs to know of whole chunks: their aggregates, or the values at their ends.
struct WindowSums: Sendable {
    /// Chunk by chunk, for aggregates.
    private var states: [any AggregateState] = []
    /// Of the chunks before each chunk, and of each chunk and those behind; one more than there are chunks.
    private var before: [(any AggregateState)?] = []
    private var behind: [(any AggregateState)?] = []
    /// Chunk by chunk, for functions that pick a value: that of the first and last row, with IGNORE NULLS the first
    /// and last known one; nil when there is none.
    private var ends: [(first: Scalar?, last: Scalar?)] = []

    /// Whether frames of the call hold whole chunks. `hasPeers`: some rows sort like more rows than a chunk has.
    static func areNeeded(_ call: WindowCall, hasPeers: Bool) -> Bool {
        guard call.readsFrame else { return false }
        return call.frame.start == .unboundedPreceding || call.frame.end == .unboundedFollowing
            || hasPeers && call.frame.unit != .rows
    }

    var byteCount: Int { states.reduce(ends.count * 64) { $0 + 3 * ($1.byteCount + 64) } }

    /// Adds the next chunk.
    mutating func append(_ call: WindowCall, _ work: WindowWork, _ columns: [Column], rowCount: Int) throws {
        func value(_ expression: Expression) -> Column { work.value(expression, in: columns) }
        switch call.function {
        case .aggregate(let function):
            let (aggregate, arguments) = work.aggregate(call, function, value)
            var state = try aggregate.makeState()
            var rows = AggregateRows(arguments: arguments, groups: nil, rowCount: rowCount)
            if let filter = call.filter, let chosen = ExpressionEvaluator.trueRows(value(filter)) {
                rows = rows.gather(chosen)
            }
            if rows.rowCount > 0 { try state.update(rows) }
            states.append(state)
        case .window:
            let values = value(call.arguments[0])
            let isKnown = { (row: Int) in !call.ignoresNulls || !values.isNull(row) }
            let places = 0..<rowCount
            ends.append(
                (
                    places.first(where: isKnown).map { values.scalar(at: $0) },
                    places.last(where: isKnown).map { values.scalar(at: $0) }
                ))
        }
    }

    /// After the last chunk.
    mutating func seal() throws {
        before = [nil]
        for state in states {
            var sum = state
            if let known = before[before.count - 1] {
                sum = known
                try sum.merge(state, groups: [0])
            }
            before.append(sum)
        }
        behind = [nil]
        for state in states.reversed() {
            var sum = state
            if let known = behind[behind.count - 1] { try sum.merge(known, groups: [0]) }
            behind.append(sum)
        }
        behind.reverse()
    }

    /// What frames of the call hold outside of these chunks.
    func around(_ chunks: Range<Int>, _ call: WindowCall) -> WindowSurroundings {
        guard !states.isEmpty else { return WindowSurroundings() }
        return WindowSurroundings(
            before: call.frame.start == .unboundedPreceding ? before[chunks.lowerBound] : nil,
            behind: call.frame.end == .unboundedFollowing ? behind[chunks.upperBound] : nil)
    }

    /// The aggregate over whole chunks, of which there is one at least.
    func aggregate(_ chunks: Range<Int>) throws -> Scalar {
        if chunks.lowerBound == 0, let whole = before[chunks.upperBound] {
            return try whole.finish().scalar(at: 0)
        }
        var sum = states[chunks.lowerBound]
        for state in states[chunks.dropFirst()] { try sum.merge(state, groups: [0]) }
        return try sum.finish().scalar(at: 0)
    }

    func first(_ chunks: Range<Int>) -> Scalar? { ends[chunks].lazy.compactMap(\.first).first }

    func last(_ chunks: Range<Int>) -> Scalar? { ends[chunks].reversed().lazy.compactMap(\.last).first }
}
