package import Effects
package import JSONText
import Metastore
package import Scheduling
package import Streams
import Synchronization

/// What is asked about pipelines.
extension PipelineService {
    /// Sorted by name.
    package func pipelines() async throws -> [PipelineDefinition] {
        try await resources.metastore.read { try PipelineStore.pipelines($0) }.map(withRetry)
    }

    package func pipeline(_ idOrName: String) async throws -> PipelineDefinition {
        withRetry(try await resources.metastore.read { try PipelineStore.pipeline(idOrName, $0) })
    }

    /// A stream that the SQL reads and this node does not have; nil where it has all, and where the SQL is wrong for
    /// another reason.
    package func missingStream(of sql: String) async -> String? {
        do {
            _ = try await compile(sql, now: resources.clock.now)
        } catch let error as PipelinesError {
            guard let cause = error.cause as? StreamsError, cause.code == .streamNotFound else { return nil }
            return cause.context.first { $0.name == "stream" }?.value
        } catch {}
        return nil
    }

    /// The node that runs the pipeline, by id or by name; nil when there is no such pipeline.
    package func node(ofPipeline idOrName: String) async throws -> String? {
        try await resources.metastore.read { try PipelineStore.node(of: idOrName, $0) }
    }

    /// A pipeline that waits before it tries again says so, and why.
    private func withRetry(_ definition: PipelineDefinition) -> PipelineDefinition {
        guard definition.status == .running else { return definition }
        let controls = slots.withLock { $0.controls(of: definition.id) }
        guard let retry = controls.values.compactMap(\.retry).max(by: { $0.attempts < $1.attempts }) else {
            return definition
        }
        var shown = definition
        shown.status = .retrying
        shown.failureReason = "\(retry.reason) (attempt \(retry.attempts); it will be tried again)"
        return shown
    }

    /// The streams and sinks a pipeline connects, each once.
    package func tables(of pipeline: PipelineDefinition) async throws -> [PipelineTable] {
        let (progresses, sinks) = try await resources.metastore.read { transaction in
            let progresses = try ProgressRows.all(pipeline: pipeline.id, transaction)
            return (
                progresses,
                try progresses.map { try PipelineStore.sink($0.key.sinkID.hexDigits, transaction) }
            )
        }
        var tables: [PipelineTable] = []
        for progress in progresses where !tables.contains(where: { $0.id == progress.key.streamID }) {
            let stream = try resources.streams.stream(progress.key.streamID.hexDigits).definition
            tables.append(
                PipelineTable(id: stream.id, kind: .stream, name: stream.name, version: stream.version))
        }
        for sink in sinks where !tables.contains(where: { $0.id == sink.id }) {
            tables.append(PipelineTable(id: sink.id, kind: .sink, name: sink.name, version: 1))
        }
        return tables
    }

    /// What the SQL reads and writes, when it would make a pipeline; nothing is made.
    package func validate(_ sql: String) async throws -> JSONValue {
        let compiled = try await compile(sql, now: resources.clock.now)
        try await compiled.checkTables(resources.catalog)
        return compiled.json
    }

    /// Exact at one moment: what has landed is read first, so pending is never negative.
    package func stats(_ idOrName: String) async throws -> PipelineStats {
        let (progresses, sinks) = try await resources.metastore.read { transaction in
            let id = try PipelineStore.pipeline(idOrName, transaction).id
            let progresses = try ProgressRows.all(pipeline: id, transaction)
            return (
                progresses,
                try progresses.map { try PipelineStore.sink($0.key.sinkID.hexDigits, transaction).name }
            )
        }
        guard !progresses.isEmpty else {
            throw PipelinesError(
                .failed, "the pipeline's stream was deleted", ["pipeline": idOrName],
                hint: "change its SQL or delete it")
        }
        return PipelineStats(
            statements: try zip(progresses, sinks).map { progress, sink in
                let stream = try resources.streams.stream(progress.key.streamID.hexDigits)
                return StatementStats(
                    progress: progress, acceptedEvents: try stream.log.get().status.acceptedEvents,
                    stream: stream.definition.name, sink: sink)
            })
    }

    /// Returns when every pipeline of the stream has landed what was accepted before the call. Answers how many
    /// statements have: with none, nothing has landed.
    ///
    /// - Errors: what a pipeline failed with; `paused` when one is, and `changing`, after the others have landed;
    /// `tooManyWaiting`; the token's reason.
    @discardableResult
    package func flush(
        stream idOrName: String, token: CancellationToken = CancellationToken()
    ) async throws -> Int {
        let stream = try resources.streams.stream(idOrName)
        return try await land(
            stream: stream.definition.id, to: try stream.log.get().status.end, token: token)
    }

    /// As `flush`, up to a place of the log. Answers how many statements have landed it.
    package func land(
        stream id: UniqueID, to target: LogOffset, token: CancellationToken
    ) async throws -> Int {
        let (progresses, paused) = try await resources.metastore.read { transaction in
            let progresses = try ProgressRows.all(transaction).filter { $0.key.streamID == id }
            let paused = try PipelineStore.pipelines(transaction).filter { $0.status == .paused }
            return (progresses, paused)
        }
        let isPaused = Set(paused.map(\.id))
        var isMissing = false
        try await withThrowingTaskGroup(of: Void.self) { group in
            for progress in progresses {
                let controls = slots.withLock { $0.controls(of: progress.key.pipelineID) }
                guard let control = controls[progress.key] else {
                    if !isPaused.contains(progress.key.pipelineID), progress.next < target {
                        isMissing = true
                    }
                    continue
                }
                group.addTask { try await control.flush(to: target, token: token) }
            }
            try await group.waitForAll()
        }
        // Between what a change stores and its start nobody lands for a statement; nor did it land.
        if isMissing {
            throw PipelinesError(
                .changing, "a pipeline of the stream is being changed and has not landed everything",
                hint: "try again in a moment")
        }
        let waiting = paused.filter { definition in
            progresses.contains { $0.key.pipelineID == definition.id && $0.next < target }
        }
        if let first = waiting.first {
            throw PipelinesError(
                .paused, "a pipeline of the stream is paused and has not landed everything",
                ["pipeline": first.name], hint: "resume it")
        }
        return progresses.count
    }
}
