import Effects

/// The row by which a writer finds out whether its last transaction happened.
///
/// - Threads: its session's.
final class CommitMark {
    /// Hexadecimal, so it can stand in a statement.
    private let writer: String
    /// The number of the transaction that began last.
    private(set) var last: Int64 = 0

    init(randomness: any Randomness) { writer = UniqueID.random(from: randomness).hexDigits }

    /// Run on each new connection, once it owns the database: nobody else's rows are of use then.
    var prepare: [String] {
        [
            "CREATE TABLE IF NOT EXISTS commit_marks (writer TEXT PRIMARY KEY, number BIGINT NOT NULL)",
            "DELETE FROM commit_marks WHERE writer <> '\(writer)'",
            "INSERT INTO commit_marks (writer, number) VALUES ('\(writer)', 0) ON CONFLICT (writer) DO NOTHING",
        ]
    }

    /// The statement that marks the transaction beginning now.
    func next() -> String {
        last += 1
        return "UPDATE commit_marks SET number = \(last) WHERE writer = '\(writer)'"
    }

    var find: String { "SELECT number FROM commit_marks WHERE writer = '\(writer)'" }
}
