import Effects
package import JSONText
import Metastore

/// Sinks that change while pipelines write to them.
extension PipelineService {
    /// Changes how a sink writes. Its pipelines land what they have read as it was, and go on with what follows.
    ///
    /// - Errors: those of the change, and of the SQL of a pipeline that the changed sink does not take; `sinkInUse` when a
    ///   pipeline of another node writes to it. Then nothing is changed.
    package func changeSink(_ idOrName: String, _ body: JSONValue) async throws -> SinkDefinition {
        let old = try await sink(idOrName)
        let changed = try old.changed(body, now: resources.clock.now)
        if case .files(let place) = changed.target { try place.checkKeys(suffix: changed.format.suffix) }
        for writer in try await writers(of: changed) {
            let compiled = try await CompiledPipeline.compile(
                writer.sql, now: writer.createdAt, streams: resources.streams,
                metastore: resources.metastore, changedSink: changed)
            try await compiled.checkTables(resources.catalog)
        }
        try await resources.metastore.write { transaction in
            let others = try PipelineStore.sinks(transaction).filter { $0.id != changed.id }
            try changed.requireOwnNumbers(among: others)
            try PipelineStore.change(old, to: changed, transaction)
        }
        // Asked again: one that was made meanwhile may still write to the old one.
        for writer in try await writers(of: changed) { try await restart(writer) }
        return changed
    }

    private func writers(of sink: SinkDefinition) async throws -> [PipelineDefinition] {
        let node = resources.metastore.node
        return try await resources.metastore.read { transaction in
            let ids = Set(
                try ProgressRows.all(transaction).filter { $0.key.sinkID == sink.id }.map(\.key.pipelineID))
            let own = try PipelineStore.ids(ofNode: node, transaction)
            if !ids.isSubset(of: own) {
                throw PipelinesError(
                    .sinkInUse, "pipelines of another node write to the sink", ["sink": sink.name],
                    hint: "make another sink, and give them SQL that writes to it")
            }
            return try PipelineStore.pipelines(transaction).filter { ids.contains($0.id) }
        }
    }
}
