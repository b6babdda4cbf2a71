package import Effects
package import JSONText
import Metastore
import Streams
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
    func withRetry(_ definition: PipelineDefinition) -> PipelineDefinition {
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

    /// Ids of the streams and sinks that a pipeline connects, by its id or name; none when there is no such pipeline.
    package func connected(toPipeline idOrName: String) async throws -> Set<UniqueID> {
        try await resources.metastore.read { transaction in
            do {
                let id = try PipelineStore.pipeline(idOrName, transaction).id
                return Set(
                    try ProgressRows.all(pipeline: id, transaction).flatMap {
                        [$0.key.streamID, $0.key.sinkID]
                    })
            } catch let error as PipelinesError where error.code == .pipelineNotFound {
                return []
            }
        }
    }

    /// The pipeline, when each of its statements runs or it is known why one does not: as `resume` answers.
    func tried(_ id: UniqueID) async throws -> PipelineDefinition {
        for control in slots.withLock({ $0.controls(of: id) }).values { await control.waitUntilTried() }
        return try await pipeline(id.hexDigits)
    }

    /// What the SQL reads and writes, when it would make a pipeline; nothing is made.
    package func validate(_ sql: String) async throws -> JSONValue {
        let compiled = try await compile(sql, now: resources.clock.now)
        try compiled.requireOwnNames()
        try await compiled.checkTables(resources.catalog)
        return compiled.json
    }
}
