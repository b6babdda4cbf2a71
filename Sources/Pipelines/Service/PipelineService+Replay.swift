import Effects
import Metastore
package import Scheduling
import Streams
import Synchronization

extension PipelineService {
    /// Gives the pipeline's rejects to its present SQL once more: what passes lands, exactly once, and is no reject any
    /// more. The pipeline runs on meanwhile; a paused one stays paused.
    ///
    /// Only rejects of the run count: a reset sends the events themselves again, so those from before it stay as they
    /// are.
    ///
    /// - Errors: `pipelineNotFound`, `replaying`; those of `RejectsReplay`; the token's reason.
    package func replayRejects(
        _ idOrName: String, token: CancellationToken = CancellationToken()
    ) async throws -> ReplayAnswer {
        let definition = try await pipeline(idOrName)
        guard replays.withLock({ $0.insert(definition.id).inserted }) else {
            throw PipelinesError(
                .replaying, "the pipeline's rejects are being replayed already",
                ["pipeline": definition.name], hint: "wait for the other replay")
        }
        defer { _ = replays.withLock { $0.remove(definition.id) } }
        let compiled = try await compile(definition.sql, now: definition.createdAt)
        // Rejects beside a sink of files are files themselves: they can be sent once more, not taken away.
        let statements = compiled.statements.filter { $0.sink.table != nil }
        guard !statements.isEmpty else {
            throw PipelinesError(
                .unsupportedSink, ReplayAnswer.skipReason, ["pipeline": definition.name],
                hint: "they lie in the sink's bucket below rejects/; mend the events and send them again")
        }
        var answer = ReplayAnswer(
            skipped: compiled.statements.filter { $0.sink.table == nil }.map {
                ($0.stream.name, $0.sink.name)
            })
        for statement in statements {
            answer.statements.append(try await replay(statement, of: definition, token))
        }
        return answer
    }

    private func replay(
        _ statement: CompiledStatement, of definition: PipelineDefinition, _ token: CancellationToken
    ) async throws -> ReplayResult {
        let control = RunnerControl()
        let handler = token.onCancel { control.stop() }
        defer { token.removeHandler(handler) }
        let context = try RunnerContext(
            definition, statement,
            source: try resources.streams.stream(statement.stream.id.hexDigits).log.get(),
            control: control, resources: resources)
        guard
            let sink = resources.catalogSink(
                of: statement, pipelineName: definition.name, columns: context.preparation.output)
        else { preconditionFailure("only statements with tables are replayed") }
        var replay = RejectsReplay(context, sink: sink, token: token)
        do {
            try await replay.run()
        } catch is TransformStopped {
            // The token alone stops it.
            try token.check()
        }
        return replay.result
    }
}
