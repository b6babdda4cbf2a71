/// What carries a statement, or several together, step by step, until it is told to stop.
protocol StatementsRunner {
    /// Reads, writes and commits until there is nothing more to do now.
    mutating func step() async throws -> StepOutcome
    /// Lands what is written when the runner stops; of records that it stopped amidst, nothing.
    mutating func finish() async throws
    /// Gives up what is not committed.
    mutating func abandon() async
}

/// What a step found to do.
enum StepOutcome: Equatable {
    /// Something was committed, or there is more to read.
    case progressed
    /// Nothing to do before the log grows, somebody calls, or the monotonic time given.
    case idle(until: Int64?)
}
