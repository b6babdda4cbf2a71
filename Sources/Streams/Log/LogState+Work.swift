/// What the state decides: who is let in, and what the writer does next.
extension LogState {
    /// What one write and one sync will make durable.
    struct Group: Sendable {
        /// Begin a new segment file first.
        var startsSegment: Bool
        var firstRecord: Int64
        var firstEvent: Int64
        /// Where the group begins in its file.
        var position: Int
        var appends: [PendingAppend]
        var byteCount: Int
    }

    enum Work: Sendable {
        case commit(Group)
        /// Make the marks of sealed segments durable in a file of their own: this one, with `marks(for:)`.
        case checkpoint(MarkFile)
        /// Remove these files, oldest first.
        case trim([LogSegment])
        /// Begin a segment behind all records, so that the one before it can be trimmed.
        case seal(firstRecord: Int64, firstEvent: Int64)
        case sleep
    }

    /// What became of a request that wants in.
    enum Admission: Sendable {
        case queued(ticket: Int, mustWake: Bool)
        /// The same request is being kept already: its answer is this one's too.
        case joined(ticket: Int)
        case repeated(LogReceipt)
    }
}
