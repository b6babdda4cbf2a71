import Effects

extension MorselPool {
    /// As `run(share:)`, for as long as the token wants it: long computations ask, and give way meanwhile.
    ///
    /// - Errors: the token's reason, also for what ended because of it; else what the body throws.
    package func run<Result: Sendable>(
        share: WorkShare, for token: CancellationToken, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        do {
            return try await run(share: share) {
                try token.check()
                return try Interruption.$probe.withValue(
                    {
                        Self.giveWay()
                        return token.isCancelled
                    }, operation: body)
            }
        } catch {
            try token.check()
            throw error
        }
    }
}
