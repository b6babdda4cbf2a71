import Effects
package import JSONText
import Metastore
package import Streams

/// Streams whose schema grows while pipelines read them.
extension PipelineService {
    /// Changes a stream's settings. New fields reach its pipelines at once: each lands what it has read, and goes on with
    /// what follows, in which the new fields are known; events that came before and are not read yet are read so too.
    ///
    /// - Errors: those of the change; `streamInUse` when the SQL of a pipeline, as with `SELECT *`, would then write what its
    ///   sink does not take. Then nothing is changed.
    package func changeStream(_ idOrName: String, _ body: JSONValue) async throws -> StreamDefinition {
        let old = try resources.streams.stream(idOrName).definition
        let changed = try resources.streams.changed(old.id.hexDigits, body)
        guard changed.schema != old.schema else {
            return try await resources.streams.change(old.id.hexDigits, body)
        }
        for reader in try await readers(of: old.id) { try await require(reader, fits: changed) }
        let stored = try await resources.streams.change(old.id.hexDigits, body)
        // Asked again: one that was made meanwhile may still have the old schema.
        for reader in try await readers(of: old.id) { try await restart(reader) }
        return stored
    }

    private func readers(of stream: UniqueID) async throws -> [PipelineDefinition] {
        try await resources.metastore.read { transaction in
            let readers = Set(
                try ProgressRows.all(transaction).filter { $0.key.streamID == stream }.map(\.key.pipelineID))
            return try PipelineStore.pipelines(transaction).filter { readers.contains($0.id) }
        }
    }

    private func require(_ pipeline: PipelineDefinition, fits stream: StreamDefinition) async throws {
        do {
            let compiled = try await CompiledPipeline.compile(
                pipeline.sql, now: pipeline.createdAt, streams: resources.streams,
                metastore: resources.metastore, changed: stream)
            try await compiled.checkTables(resources.catalog)
        } catch {
            throw StreamsError(
                .streamInUse, "a pipeline of the stream would not work with the new schema",
                ["pipeline": pipeline.name, "reason": PipelineSupervisor.reason(error)],
                hint: "name the columns in its SQL, or let its sink add columns (schema_policy)", cause: error
            )
        }
    }

    /// A pipeline that somebody changes right now compiles with the new schema anyway when it starts again.
    func restart(_ pipeline: PipelineDefinition) async throws {
        do { try await whileStopped(pipeline.id) { (_: Transaction) in } } catch let error as PipelinesError
            where [.changing, .pipelineNotFound].contains(error.code)
        {}
    }
}
