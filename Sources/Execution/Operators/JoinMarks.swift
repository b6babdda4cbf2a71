import Columnar
import Kernels
import Plans
import Synchronization

/// Which rows of a join's right side found a partner.
final class JoinMarks: Sendable {
    private let isMatched: Mutex<[Bool]>

    init(count: Int) { isMatched = Mutex([Bool](repeating: false, count: count)) }

    func mark(_ rows: [Int32]) { isMatched.withLock { for row in rows { $0[Int(row)] = true } } }

    /// Marks all rows of these groups of the index; -1 is none.
    func mark(groups: [Int32], of index: JoinIndex) {
        isMatched.withLock { isMatched in
            for group in groups where group >= 0 {
                let places = index.range(of: group)
                // Rows of a group are marked together.
                guard let first = places.first, !isMatched[Int(index.members[first])] else { continue }
                for place in places { isMatched[Int(index.members[place])] = true }
            }
        }
    }

    func isMarked(_ row: Int32) -> Bool { isMatched.withLock { $0[Int(row)] } }

    /// Also marks what another thread's morsels marked.
    func formUnion(_ other: JoinMarks) {
        let marked = other.rows(where: true)
        mark(marked)
    }

    func rows(where wanted: Bool) -> [Int32] {
        isMatched.withLock { isMatched in
            isMatched.indices.filter { isMatched[$0] == wanted }.map { Int32(truncatingIfNeeded: $0) }
        }
    }

    /// The right rows that the kind gives once every left row was seen: those with a partner, or those without.
    func settled(_ kind: JoinKind) -> [Int32] { rows(where: kind == .rightSemi) }
}

extension JoinTable {
    /// Right rows by themselves, padded where the answer has left columns too.
    func give(
        _ rows: ArraySlice<Int32>, _ work: JoinWork, _ context: QueryContext,
        _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let limit = min(Batch.capacity, context.batchRows)
        for start in stride(from: rows.startIndex, to: rows.endIndex, by: limit) {
            try context.check()
            let part = Array(rows[start..<min(rows.endIndex, start + limit)])
            let padding =
                work.join.kind.givesPairs
                ? work.left.fields.map { Column.nulls($0.type, count: part.count) } : []
            let columns = padding + self.rows.columns.map { $0.gather(part) }
            let batch = Batch(schema: work.schema, columns: columns, rowCount: part.count)
            if try emit(batch) == .finished { return .finished }
        }
        return .more
    }
}
