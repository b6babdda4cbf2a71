import Effects

/// The row by which a writer finds out whether its last transaction happened, and whether it may still write.
///
/// - Threads: its session's.
final class CommitMark {
    /// Hexadecimal, so it can stand in a statement.
    let writer: String
    /// The row was made once. It is not made again: whoever takes the node over takes the row away.
    private(set) var isRegistered = false
    /// The number of the transaction that began last.
    private(set) var last: Int64 = 0

    init(randomness: any Randomness) { writer = UniqueID.random(from: randomness).hexDigits }

    /// Run on each new connection that the writer's lock is held on.
    var prepare: [String] {
        if isRegistered { return [] }
        return [
            "CREATE TABLE IF NOT EXISTS commit_marks (writer TEXT PRIMARY KEY, number BIGINT NOT NULL)",
            "INSERT INTO commit_marks (writer, number) VALUES ('\(writer)', 0) ON CONFLICT (writer) DO NOTHING",
        ]
    }

    func noteRegistered() { isRegistered = true }

    /// The statement that marks the transaction beginning now; it changes no row when somebody took the row away.
    func next() -> String {
        last += 1
        return "UPDATE commit_marks SET number = \(last) WHERE writer = '\(writer)'"
    }

    var find: String { "SELECT number FROM commit_marks WHERE writer = '\(writer)'" }
}
