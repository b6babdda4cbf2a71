import Effects
import Faults
package import JSONText
import Metastore
import Streams
import Synchronization
import Telemetry

/// Making, changing and deleting pipelines.
///
/// A change stops the pipeline's runners, which commit what they have written, and moves what is stored in one
/// transaction; then the pipeline runs as it is stored, whether the change succeeded or not.
extension PipelineService {
    /// Compiles the SQL, begins at the oldest record each stream keeps, or at the place that `start` names as a reset does,
    /// and starts.
    ///
    /// - Errors: those of the SQL with line and column; `tableMismatch` when a sink's table is there and does not fit.
    package func createPipeline(
        _ body: JSONValue, legacyVersion: Int64? = nil
    ) async throws -> PipelineDefinition {
        let id = UniqueID.random(from: resources.randomness)
        let now = resources.clock.now
        let definition = try PipelineDefinition(
            creating: body, id: id, now: now, legacyVersion: legacyVersion)
        try requireNoID(definition.name, of: "pipeline")
        try requireKnown(KnownMembers(["name", "sql", "start", "transaction"]), in: body)
        let start = body["start"] ?? .null
        let origin = start.isNull ? .oldest : try ResetTarget(start)
        let compiled = try await compile(definition.sql, now: now)
        try compiled.requireOwnNames()
        try await compiled.checkTables(resources.catalog)
        var progresses: [PipelineProgress] = []
        do {
            // Statements of one stream begin at one place, also while the stream grows.
            var places: [UniqueID: (offset: LogOffset, event: Int64)] = [:]
            for statement in compiled.statements {
                let progress = try hold(statement, of: id)
                progresses.append(progress)
                guard origin != .oldest else { continue }
                let stream = progress.key.streamID
                let log = try resources.streams.stream(stream.hexDigits).log.get()
                let place = if let known = places[stream] { known } else { try await origin.find(in: log) }
                places[stream] = place
                progresses[progresses.count - 1] = PipelineProgress(
                    key: progress.key, next: place.offset, startEvent: place.event)
            }
            let controls = Self.controls(for: progresses.map(\.key))
            // The place is taken first: whoever finds the pipeline in the Metastore finds it here too.
            try slots.withLock { slots throws(PipelinesError) in
                try slots.open(id, controls, isChanging: true)
            }
            do {
                let (stored, node) = (progresses, resources.metastore.node)
                try await resources.metastore.write {
                    try PipelineStore.insert(definition, stored, node: node, $0)
                }
            } catch {
                _ = slots.withLock { $0.endChange(id, nil) }
                throw error
            }
            if slots.withLock({ $0.endChange(id, controls) }) { self.start(controls) }
        } catch {
            // Perhaps it is stored all the same: then the log must keep what it has not landed.
            if !Self.isUnknown(error) { for progress in progresses { release(progress.key) } }
            throw error
        }
        return definition
    }

    /// Nobody knows whether the Metastore has the change.
    static func isUnknown(_ error: any Error) -> Bool { (error as? any Fault)?.kind == .outcomeUnknown }

    /// Holds back the log's trimming for a statement that begins at the oldest record kept; under a name of its own
    /// where another change may hold, and let go, the same statement.
    func hold(
        _ statement: CompiledStatement, of id: UniqueID, suffix: String = ""
    ) throws -> PipelineProgress {
        let key = statement.key(of: id)
        let log = try resources.streams.stream(key.streamID.hexDigits).log.get()
        let start = try log.registerAtOldest(consumer: key.consumer + suffix)
        return PipelineProgress(key: key, next: start.offset, startEvent: start.event)
    }

    /// Lets the log trim what only this statement held. A log that is not open, or gone, holds nothing.
    func release(_ key: ProgressKey, suffix: String = "") {
        if suffix.isEmpty { resources.meters.forget(key) }
        do throws(StreamsError) {
            guard case .success(let log) = try resources.streams.stream(key.streamID.hexDigits).log else {
                return
            }
            log.unregister(consumer: key.consumer + suffix)
        } catch {
            resources.log.debug(
                "a deleted pipeline's stream is gone", ["stream": .string(key.streamID.hexDigits)])
        }
    }

    /// Stops the pipeline, then forgets it. Its tables stay.
    ///
    /// - Errors: `pipelineNotFound`, `changing`; when the Metastore fails the pipeline runs on.
    package func deletePipeline(_ idOrName: String) async throws {
        let definition = try await pipeline(idOrName)
        let id = definition.id
        let keys = try await whileStopped(id) { transaction in
            let keys = try ProgressRows.all(pipeline: id, transaction).map(\.key)
            try PipelineStore.delete(pipeline: id, transaction)
            return keys
        }
        for key in keys { release(key) }
    }

    /// Does `work` while no runner of the pipeline works, then runs what is stored. Before somebody else may change the
    /// pipeline, `settle` makes the logs' readers what `work` has stored.
    func whileStopped<Answer: Sendable>(
        _ id: UniqueID, settle: (Answer) -> Void = { _ in },
        _ work: @escaping @Sendable (Transaction) throws -> Answer
    ) async throws -> Answer {
        let stopped = try slots.withLock { slots throws(PipelinesError) in try slots.beginChange(id) }
        for control in stopped.values { control.stop() }
        for control in stopped.values { await control.waitUntilEnded() }
        do {
            let answer = try await resources.metastore.write(work)
            settle(answer)
            await runStored(id, otherwise: stopped.keys.map { $0 })
            return answer
        } catch {
            await runStored(id, otherwise: stopped.keys.map { $0 })
            throw error
        }
    }

    /// Starts the statements of the pipeline as they are stored now, or `otherwise` when the Metastore does not tell:
    /// a runner looks up its own state when it starts, and ends when there is none.
    private func runStored(_ id: UniqueID, otherwise known: [ProgressKey]) async {
        var keys: [ProgressKey]? = known
        do {
            keys = try await resources.metastore.read { transaction in
                guard let status = try PipelineStore.storedStatus(of: id, transaction) else { return nil }
                return status == .paused ? [] : try ProgressRows.all(pipeline: id, transaction).map(\.key)
            }
        } catch {
            resources.log.error(
                "a changed pipeline could not be read; it runs as it was",
                ["pipeline": .string(id.hexDigits), "error": .string("\(error)")])
        }
        let controls = keys.map { Self.controls(for: $0) }
        if slots.withLock({ $0.endChange(id, controls) }) { start(controls ?? [:]) }
    }
}
