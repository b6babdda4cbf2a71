import Scheduling

extension CancellationToken {
    /// Runs `body` in a task that is cancelled when this token is.
    func cancelling<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let (end, ending) = AsyncStream.makeStream(of: Void.self)
        let handler = onCancel { ending.finish() }
        defer { removeHandler(handler) }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask { [self] in
                for await _ in end {}
                try check()
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }
}
