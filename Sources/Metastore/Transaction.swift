package import Effects

/// The state as one reader or the writer sees it, until the closure it was given to returns.
///
/// - Errors: `MetastoreError`. After an error the whole transaction is undone, whatever the closure does then.
package final class Transaction {
    private let session: any DatabaseSession
    private var isOpen = true
    /// The first fault of a statement; a closure that swallowed it does not commit half of its work.
    private(set) var fault: MetastoreError?

    init(_ session: any DatabaseSession) { self.session = session }

    /// Runs one statement; answers how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [SQLValue] = []) throws(MetastoreError) -> Int {
        try run { () throws(MetastoreError) in try session.execute(sql, parameters) }
    }

    /// All rows at once: put a LIMIT where they may be many.
    package func query(_ sql: String, _ parameters: [SQLValue] = []) throws(MetastoreError) -> [Row] {
        try run { () throws(MetastoreError) in try session.query(sql, parameters) }
    }

    /// The only row, or nil where there is none.
    package func first(_ sql: String, _ parameters: [SQLValue] = []) throws(MetastoreError) -> Row? {
        try query(sql, parameters).first
    }

    /// By the clock that all who use the database share; where it is this process' alone, the machine's.
    package func databaseTime() throws(MetastoreError) -> Instant {
        try run { () throws(MetastoreError) in try session.databaseTime() }
    }

    /// What the writer has begun ends before this returns, and it begins nothing any more once this is committed.
    func endWriter(_ name: String) throws(MetastoreError) {
        try run { () throws(MetastoreError) in try session.endWriter(name) }
    }

    private func run<Result>(_ body: () throws(MetastoreError) -> Result) throws(MetastoreError) -> Result {
        precondition(isOpen, "a transaction was used after its end")
        do {
            return try body()
        } catch {
            if fault == nil { fault = error }
            throw error
        }
    }

    func close() { isOpen = false }
}
