import Effects
package import JSONText
import Metastore
package import Scheduling
import Streams
import Synchronization
import Telemetry

/// Pipelines of the older kind: made, changed and taken away as the three things they are made of.
extension PipelineService {
    /// - Errors: those of the three; when one cannot be made, those before it are taken away again.
    package func createLegacyPipeline(_ legacy: LegacyPipeline) async throws -> LegacyPipelineState {
        let stream = try await resources.streams.create(legacy.streamBody)
        return try await undoing({ try await self.resources.streams.delete(stream.id.hexDigits) }) {
            let sink = try await createSink(legacy.sinkBody)
            return try await undoing({ try await self.deleteSink(sink.id.hexDigits) }) {
                let pipeline = try await createPipeline(
                    [
                        "name": .string(legacy.partName),
                        "sql": .string(LegacyPipeline.sql(stream: stream.name, sink: sink.name)),
                    ], legacyVersion: 1)
                return LegacyPipelineState(pipeline: pipeline, parts: .init(stream: stream, sink: sink))
            }
        }
    }

    /// Takes away what was made before `work` when it fails, unless nobody knows whether it did.
    private func undoing<Answer>(
        _ undo: () async throws -> Void, _ work: () async throws -> Answer
    ) async throws -> Answer {
        do { return try await work() } catch {
            guard !Self.isUnknown(error) else { throw error }
            do { try await undo() } catch let left {
                resources.log.warning(
                    "a part of a pipeline that was not made is left", ["error": .string("\(left)")])
            }
            throw error
        }
    }

    /// By id or by its own name.
    ///
    /// - Errors: `PIP-101`, also for a pipeline that has SQL of its own.
    package func legacyPipeline(_ idOrName: String) async throws -> LegacyPipelineState {
        let found = try await pipeline(LegacyPipeline.pipelineName(idOrName))
        guard found.legacyVersion != nil else {
            throw PipelinesError(
                .pipelineNotFound, "no such pipeline without SQL", ["pipeline": idOrName],
                hint: "those with SQL are below pipelines/v1/pipelines")
        }
        return try await state(of: found)
    }

    /// Sorted by name.
    package func legacyPipelines() async throws -> [LegacyPipelineState] {
        var states: [LegacyPipelineState] = []
        for pipeline in try await pipelines() where pipeline.legacyVersion != nil {
            states.append(try await state(of: pipeline))
        }
        return states
    }

    private func state(of pipeline: PipelineDefinition) async throws -> LegacyPipelineState {
        let found = try await resources.metastore.read { transaction -> (UniqueID, SinkDefinition)? in
            guard let key = try ProgressRows.all(pipeline: pipeline.id, transaction).first?.key else {
                return nil
            }
            return (key.streamID, try PipelineStore.sink(key.sinkID.hexDigits, transaction))
        }
        guard let (streamID, sink) = found else { return LegacyPipelineState(pipeline: pipeline, parts: nil) }
        let definitions = try await resources.streams.allDefinitions()
        guard let stream = definitions.first(where: { $0.id == streamID }) else {
            return LegacyPipelineState(pipeline: pipeline, parts: nil)
        }
        return LegacyPipelineState(pipeline: pipeline, parts: .init(stream: stream, sink: sink))
    }

    /// One change of a pipeline at a time: each is made of several, and what one closes the other must not open.
    private func alone<Answer>(
        _ id: UniqueID, _ change: (LegacyPipelineState) async throws -> Answer
    ) async throws -> Answer {
        guard legacyChanges.withLock({ $0.insert(id).inserted }) else {
            throw PipelinesError(
                .changing, "the pipeline is being changed by somebody else", ["pipeline": id.hexDigits],
                hint: "try again in a moment")
        }
        defer { _ = legacyChanges.withLock { $0.remove(id) } }
        return try await change(try await legacyPipeline(id.hexDigits))
    }

    /// Makes the pipeline what `body` says. What was read lands as it was; where files go to another place, the first event
    /// that goes there is the first that did not land before.
    ///
    /// - Errors: those of `LegacyPipeline`; `PIP-105` for another name; `PIP-110`; `PIP-301` when its stream was deleted.
    package func changeLegacyPipeline(
        _ idOrName: String, _ body: JSONValue
    ) async throws -> LegacyPipelineState {
        try await alone(try await legacyPipeline(idOrName).pipeline.id) { old in
            try await change(old, to: try LegacyPipeline(body, over: old))
            return try await legacyPipeline(old.pipeline.id.hexDigits)
        }
    }

    private func change(_ old: LegacyPipelineState, to legacy: LegacyPipeline) async throws {
        guard legacy.name == old.name else {
            throw LegacyPipeline.refused("$.name", "a pipeline keeps its name, \(old.name)")
        }
        guard let parts = old.parts else {
            throw PipelinesError(
                .failed, "the pipeline's stream was deleted", ["pipeline": old.name], hint: "delete it")
        }
        let now = resources.clock.now
        // Refused before anything changes.
        let streamChange: JSONValue = [
            "http": legacy.http, "worker_binding": ["enabled": .boolean(legacy.hasBinding)],
        ]
        _ = try resources.streams.changed(parts.stream.id.hexDigits, streamChange)
        try await write(legacy, parts, old.pipeline)
        _ = try await resources.streams.change(parts.stream.id.hexDigits, streamChange)
        let id = old.pipeline.id
        let version = (old.pipeline.legacyVersion ?? 0) + 1
        try await resources.metastore.write {
            try PipelineStore.setLegacyVersion(version, of: id, at: now, $0)
        }
    }

    /// In place, or to another sink where a sink's place cannot change.
    private func write(
        _ legacy: LegacyPipeline, _ parts: LegacyPipelineState.Parts, _ pipeline: PipelineDefinition
    ) async throws {
        let old = parts.sink
        let wanted = try SinkDefinition(
            creating: legacy.sinkBody(named: old.name), id: old.id, now: old.createdAt)
        guard case .files(let to) = wanted.target, case .files(let from) = old.target,
            wanted.bucket != old.bucket || to.path != from.path || to.naming != from.naming
        else {
            if wanted.json != old.json {
                _ = try await changeSink(old.id.hexDigits, legacy.destination.sinkChange)
            }
            return
        }
        let taken = Set(try await sinks().map(\.name))
        // More numbers than there may be sinks: one is free.
        let numbers = 2...PipelineStore.sinkLimit + 2
        let name = numbers.lazy.map { "\(legacy.partName)_\($0)" }.first { !taken.contains($0) }
        let sink = try await createSink(legacy.sinkBody(named: name ?? legacy.partName))
        try await undoing({ try await self.deleteSink(sink.id.hexDigits) }) {
            _ = try await changePipeline(
                pipeline.id.hexDigits,
                ["sql": .string(LegacyPipeline.sql(stream: parts.stream.name, sink: sink.name))],
                legacyVersion: pipeline.legacyVersion)
        }
        try await deleteSink(old.id.hexDigits)
    }

    /// Takes no more events, lands those that were accepted, and takes the three things away. Files stay.
    ///
    /// - Errors: what keeps events from landing, unless they may be left out (`force`): then the pipeline is as it was;
    ///   `PIP-106` when other pipelines use the stream or the sink; `PIP-110`, also when events came by another way meanwhile:
    ///   then their stream stays.
    package func deleteLegacyPipeline(
        _ idOrName: String, force: Bool, token: CancellationToken
    ) async throws {
        try await alone(try await legacyPipeline(idOrName).pipeline.id) { state in
            let id = state.pipeline.id.hexDigits
            guard let parts = state.parts else {
                try await deletePipeline(id)
                return try await deleteSink(namedIn: state.pipeline.sql)
            }
            try await requireAlone(state.pipeline, parts)
            let landed = force ? nil : try await close(parts.stream, token)
            try await deletePipeline(id)
            try await deleteSink(parts.sink.id.hexDigits)
            let stream = parts.stream.id.hexDigits
            if let landed, try resources.streams.stream(stream).log.get().status.acceptedEvents != landed {
                throw PipelinesError(
                    .changing, "events came while the pipeline was taken away; their stream stays",
                    ["stream": parts.stream.name],
                    hint: "make a pipeline that lands them, or delete the stream")
            }
            try await resources.streams.delete(stream)
        }
    }

    /// The sink of a pipeline whose stream was deleted under it.
    private func deleteSink(namedIn sql: String) async throws {
        guard let name = LegacyPipeline.sinkName(in: sql) else { return }
        do { try await deleteSink(name) } catch let error as PipelinesError
            where [.sinkNotFound, .sinkInUse].contains(error.code)
        {}
    }

    /// Answers how many events the stream had taken when all of them had landed. When that fails the stream is open again.
    private func close(_ stream: StreamDefinition, _ token: CancellationToken) async throws -> Int64 {
        let id = stream.id.hexDigits
        _ = try await resources.streams.change(id, ["http": ["enabled": false]])
        do { return try await drain(id, token) } catch {
            _ = try await resources.streams.change(
                id, ["http": ["enabled": .boolean(stream.http.isEnabled)]])
            throw error
        }
    }

    private func requireAlone(
        _ pipeline: PipelineDefinition, _ parts: LegacyPipelineState.Parts
    ) async throws {
        let others = try await resources.metastore.read { transaction in
            try ProgressRows.all(transaction).filter {
                ($0.key.streamID == parts.stream.id || $0.key.sinkID == parts.sink.id)
                    && $0.key.pipelineID != pipeline.id
            }
        }
        guard others.isEmpty else {
            throw PipelinesError(
                .sinkInUse, "other pipelines use its stream or its sink", ["pipeline": pipeline.name],
                hint: "delete them first, or the parts of this one by themselves")
        }
    }

    /// Requests that had begun when the stream was closed may still append: drained is what took nothing meanwhile.
    /// Answers how many events that is.
    private func drain(_ stream: String, _ token: CancellationToken) async throws -> Int64 {
        let log = try resources.streams.stream(stream).log.get()
        while true {
            let accepted = log.status.acceptedEvents
            try await flush(stream: stream, token: token)
            if log.status.acceptedEvents == accepted { return accepted }
        }
    }
}
