import Effects
package import Scheduling
import Streams

extension PipelineService {
    /// Tells what SQL makes of the last events of its streams, and writes nothing.
    ///
    /// - Errors: those of the SQL with line and column; `tableMismatch`; `pipelineNotFound`; the token's reason.
    package func dryRun(
        _ request: DryRunRequest, token: CancellationToken = CancellationToken()
    ) async throws -> DryRunAnswer {
        var sql = ""
        var now = resources.clock.now
        switch request.subject {
        case .sql(let text): sql = text
        case .pipeline(let name):
            let definition = try await pipeline(name)
            (sql, now) = (definition.sql, definition.createdAt)
        }
        let compiled = try await compile(sql, now: now)
        if case .sql = request.subject { try compiled.requireOwnNames() }
        try await compiled.checkTables(resources.catalog)
        var answer = DryRunAnswer()
        for statement in compiled.statements {
            answer.statements.append(try await dryRun(statement, now: now, request, token))
        }
        return answer
    }

    private func dryRun(
        _ statement: CompiledStatement, now: Instant, _ request: DryRunRequest, _ token: CancellationToken
    ) async throws -> DryRunResult {
        let control = RunnerControl()
        let handler = token.onCancel { control.stop() }
        defer { token.removeHandler(handler) }
        let log = try resources.streams.stream(statement.stream.id.hexDigits).log.get()
        // What is read must not be trimmed meanwhile.
        let reader = "dry-run-" + UniqueID.random(from: resources.randomness).hexDigits
        let oldest = try log.registerAtOldest(consumer: reader, isBacklog: false)
        defer { log.unregister(consumer: reader) }
        let run = DryRun(
            statement: statement,
            preparation: statement.preparation(
                now: now, supervisor: control, resources: resources), log: log,
            pool: resources.pool, memory: resources.memory, token: token)
        do {
            return try await run.run(request, keptFrom: oldest.event)
        } catch is TransformStopped {
            // The token alone stops it.
            try token.check()
            throw PipelinesError(.stopped, "the dry run was stopped")
        }
    }
}
