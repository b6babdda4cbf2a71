import Synchronization

/// Which rows of a join's right side found a partner.
final class JoinMarks: Sendable {
    private let isMatched: Mutex<[Bool]>

    init(count: Int) { isMatched = Mutex([Bool](repeating: false, count: count)) }

    func mark(_ rows: [Int32]) { isMatched.withLock { for row in rows { $0[Int(row)] = true } } }

    var unmatched: [Int32] {
        isMatched.withLock { isMatched in
            isMatched.indices.filter { !isMatched[$0] }.map { Int32(truncatingIfNeeded: $0) }
        }
    }
}
