import Effects

/// One connection to the database, with what makes its transactions safe there.
///
/// - Threads: one at a time.
/// - Errors: those with `mayRetry` say that the transaction has certainly not happened and another try may go through.
protocol DatabaseSession: AnyObject, Sendable {
    /// How many rows it changed.
    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int
    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row]

    /// Connects anew where that is needed.
    func begin() throws(MetastoreError)
    /// Durable when it returns.
    ///
    /// - Errors: `MST-303` when nobody knows; after any other the transaction has not happened.
    func commit() throws(MetastoreError)
    func rollback() throws(MetastoreError)
    /// Whether there is a transaction to roll back; databases end one by themselves after some errors.
    var isInTransaction: Bool { get }

    /// A part of the transaction that can be undone alone; never one inside another.
    func beginPart() throws(MetastoreError)
    func undoPart() throws(MetastoreError)
    func endPart() throws(MetastoreError)

    /// By the clock that all who use the database share.
    func databaseTime() throws(MetastoreError) -> Instant
    /// Others may write to the database from elsewhere: no lock of this machine keeps them out.
    var isShared: Bool { get }
    /// Tells this writer from all others, also of earlier processes.
    var writerName: String { get }
    /// In a transaction: what the writer has begun ends, and it begins nothing any more.
    func endWriter(_ name: String) throws(MetastoreError)
    /// Each transaction that begins from now on is held against it.
    func setFence(_ fence: Fence)

    /// The last call.
    func close() throws(MetastoreError)
}
