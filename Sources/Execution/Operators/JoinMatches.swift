import Columnar
import Plans

/// What a join knows of some left rows: who has a partner, and for `mark` also for whom the condition was null.
///
/// - Shapes: an entry a left row; empty where nobody asks.
struct JoinMatches {
    private(set) var isMatched: [Bool] = []
    private(set) var isUnknown: [Bool] = []
    private let kind: JoinKind

    /// Whether left rows are looked at once more when their partners are known.
    static func areNeeded(_ kind: JoinKind) -> Bool { kind.keepsLeft || kind == .semi }

    init(_ kind: JoinKind, rowCount: Int) {
        self.kind = kind
        if Self.areNeeded(kind) { isMatched = [Bool](repeating: false, count: rowCount) }
        if kind == .mark { isUnknown = isMatched }
    }

    /// What was known of these rows before.
    fileprivate init(_ kind: JoinKind, isMatched: [Bool], isUnknown: [Bool]) {
        self.kind = kind
        self.isMatched = isMatched
        self.isUnknown = isUnknown
    }

    mutating func match(_ row: Int) { isMatched[row] = true }

    /// - Errors: `EXE-103` when a row that may have one partner has a second.
    mutating func match(_ rows: [Int32]) throws {
        guard !isMatched.isEmpty else { return }
        for row in rows {
            if case .single(let place) = kind, isMatched[Int(row)] {
                throw ExecutionError(
                    .severalRows, "a subquery that stands for a value has more than one row",
                    at: place?.place,
                    hint: "add LIMIT 1, or an aggregate such as max(…)")
            }
            isMatched[Int(row)] = true
        }
    }

    mutating func noteUnknown(_ row: Int) { isUnknown[row] = true }

    /// What the left rows give by themselves, once their partners are known.
    func giveLeft(
        _ left: Batch, _ work: JoinWork, _ context: QueryContext, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        switch kind {
        case .inner, .right, .rightSemi, .rightAnti: return .more
        case .left, .full, .single: return try padLeft(left, work, context, emit)
        case .semi, .anti:
            let rows = rows(where: kind == .semi)
            guard !rows.isEmpty else { return .more }
            return try emit(rows.count == left.rowCount ? left : left.selecting(rows))
        case .mark:
            return try emit(
                Batch(schema: work.schema, columns: left.columns + [mark], rowCount: left.rowCount))
        }
    }

    /// True for rows with a partner, else null where unknown, else false.
    private var mark: Column {
        var bits = Bitmap(repeating: false, count: isMatched.count)
        var validity = Bitmap(repeating: true, count: isMatched.count)
        for row in isMatched.indices {
            bits[row] = isMatched[row]
            validity[row] = isMatched[row] || !isUnknown[row]
        }
        return Column(.boolean, count: isMatched.count, .boolean(bits), validity: validity)
    }

    private func rows(where wanted: Bool) -> [Int32] {
        isMatched.indices.filter { isMatched[$0] == wanted }.map { Int32(truncatingIfNeeded: $0) }
    }

    /// Left rows without a partner.
    private func padLeft(
        _ left: Batch, _ work: JoinWork, _ context: QueryContext, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let limit = min(Batch.capacity, context.batchRows)
        let alone = rows(where: false)
        for start in stride(from: 0, to: alone.count, by: limit) {
            let rows = Array(alone[start..<min(alone.count, start + limit)])
            let columns =
                left.columns.map { $0.gather(rows) }
                + work.right.fields.map { Column.nulls($0.type, count: rows.count) }
            let padded = Batch(schema: work.schema, columns: columns, rowCount: rows.count)
            if try emit(padded) == .finished { return .finished }
        }
        return .more
    }
}

/// The matches of all left rows of a part, a bit each: kept while the part meets one piece of its right side after the
/// other.
struct JoinMatchBits {
    private var isMatched: Bitmap
    private var isUnknown: Bitmap
    private let kind: JoinKind

    init(_ kind: JoinKind, rowCount: Int) {
        self.kind = kind
        isMatched = Bitmap(repeating: false, count: rowCount)
        isUnknown = Bitmap(repeating: false, count: kind == .mark ? rowCount : 0)
    }

    static func byteCount(_ kind: JoinKind, rowCount: Int) -> Int {
        (rowCount / 8 + 8) * (kind == .mark ? 2 : 1)
    }

    func matches(_ rows: Range<Int>) -> JoinMatches {
        JoinMatches(
            kind, isMatched: rows.map { isMatched[$0] },
            isUnknown: kind == .mark ? rows.map { isUnknown[$0] } : [])
    }

    mutating func keep(_ matches: JoinMatches, from first: Int) {
        for row in matches.isMatched.indices where matches.isMatched[row] { isMatched[first + row] = true }
        for row in matches.isUnknown.indices where matches.isUnknown[row] { isUnknown[first + row] = true }
    }
}
