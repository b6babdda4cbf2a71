import Effects
package import JSONText
import Metastore
import Streams
import Synchronization
import Telemetry

/// Pausing, changing and starting anew what runs.
extension PipelineService {
    /// Lands what was read and stops; the stream keeps the rest until `resume`.
    package func pause(_ idOrName: String) async throws -> PipelineDefinition {
        let id = try await pipeline(idOrName).id
        let now = resources.clock.now
        try await whileStopped(id) { try PipelineStore.setStatus(.paused, of: id, at: now, $0) }
        return try await pipeline(id.hexDigits)
    }

    /// Runs a paused pipeline, and statements that failed, from where they stand. Answers when each has begun, or met what
    /// it failed for again: then that is the status.
    package func resume(_ idOrName: String) async throws -> PipelineDefinition {
        let id = try await pipeline(idOrName).id
        let now = resources.clock.now
        try await whileStopped(id) { transaction in
            let progresses = try ProgressRows.all(pipeline: id, transaction)
            guard !progresses.isEmpty else {
                throw PipelinesError(
                    .failed, "the pipeline's stream was deleted", ["pipeline": id.hexDigits],
                    hint: "change its SQL or delete it")
            }
            for progress in progresses { try ProgressRows.setFailure(nil, of: progress.key, transaction) }
            try TrialRows.delete(pipeline: id, transaction)
            try PromisedFileRows.forgetLost(pipeline: id, transaction)
            try PipelineStore.setStatus(.running, of: id, at: now, transaction)
        }
        return try await tried(id)
    }

    /// Gives a pipeline other SQL, or says whether its statements commit in one transaction. A statement whose stream and sink stay goes on where it stands; where a new one begins
    /// `StatementSuccession` tells: no event is lost and none is landed twice.
    ///
    /// - Errors: as for `createPipeline`; `discardsEvents` when a statement goes that does not run and has not landed
    ///   everything, and the body has no `discard_pending`. Then everything is as it was.
    package func changePipeline(
        _ idOrName: String, _ body: JSONValue, legacyVersion: Int64? = nil
    ) async throws -> PipelineDefinition {
        let old = try await pipeline(idOrName)
        let now = resources.clock.now
        let isTransaction = try PipelineDefinition.transaction(body) ?? old.isTransaction
        let changed = try PipelineDefinition(
            creating: [
                "name": .string(old.name), "sql": body["sql"] ?? .string(old.sql),
                "transaction": .boolean(isTransaction),
            ], id: old.id, now: old.createdAt,
            legacyVersion: body["sql"] == nil ? old.legacyVersion : legacyVersion)
        let compiled = try await compile(changed.sql, now: old.createdAt)
        if changed.sql != old.sql { try compiled.requireOwnNames() }
        try await compiled.checkTables(resources.catalog)
        // What a new statement may need is held from now on; where it begins shows when the others have stopped.
        let known = Set(
            try await resources.metastore.read { try ProgressRows.all(pipeline: old.id, $0) }.map(\.key))
        var fresh: [ProgressKey: PipelineProgress] = [:]
        // Another change may hold the same statements: what this one lets go must be its own.
        let suffix = "/change-" + UniqueID.random(from: resources.randomness).hexDigits
        var isKept = false
        defer { if !isKept { for key in fresh.keys { release(key, suffix: suffix) } } }
        for statement in compiled.statements where !known.contains(statement.key(of: old.id)) {
            let progress = try hold(statement, of: old.id, suffix: suffix)
            fresh[progress.key] = progress
        }
        let keys = compiled.statements.map { $0.key(of: old.id) }
        let beginnings = fresh
        let mayDiscard = body["discard_pending"]?.boolean ?? false
        let streams = resources.streams
        let planted = resources.planted
        do {
            _ = try await whileStopped(
                old.id,
                settle: { (change: StoredChange) in
                    for progress in change.stored { rehold(progress) }
                    for key in change.gone { release(key) }
                }
            ) { transaction in
                try Self.store(changed, keys, beginnings, at: now, planted, transaction) { gone in
                    guard !mayDiscard else { return }
                    try Self.requireLanded(gone, old, in: streams)
                }
            }
        } catch {
            isKept = Self.isUnknown(error)
            throw error
        }
        return try await tried(old.id)
    }

    /// Statements that are new, and those that are no more.
    private struct StoredChange {
        var stored: [PipelineProgress]
        var gone: [ProgressKey]
    }

    private static func store(
        _ changed: PipelineDefinition, _ keys: [ProgressKey], _ fresh: [ProgressKey: PipelineProgress],
        at now: Instant, _ planted: PlantedBugs, _ transaction: Transaction,
        mayAbandon: ([PipelineProgress]) throws -> Void
    ) throws -> StoredChange {
        let before = try ProgressRows.all(pipeline: changed.id, transaction)
        let destinations = Dictionary(
            try PipelineStore.sinks(transaction).map { ($0.id, $0.destination) }, uniquingKeysWith: { $1 })
        let succession = StatementSuccession(before: before, after: keys, destinations: destinations)
        try mayAbandon(succession.abandoned)
        var stored: [PipelineProgress] = []
        for (index, key) in keys.enumerated() {
            if before.contains(where: { $0.key == key }) {
                try ProgressRows.setStatement(index, of: key, transaction)
                continue
            }
            guard var progress = fresh[key] else {
                throw PipelinesError(.changing, "the pipeline was changed meanwhile", hint: "try again")
            }
            if !planted.has(.changeForgetsPlace) {
                progress = try succession.beginning(of: progress, transaction)
            }
            try ProgressRows.insert(progress, statement: index, transaction)
            stored.append(progress)
        }
        for progress in succession.leaving {
            guard let destination = destinations[progress.key.sinkID] else { continue }
            try RetiredStatements.keep(progress, destination: destination, at: now, transaction)
        }
        let gone = before.map(\.key).filter { !keys.contains($0) }
        for key in gone { try ProgressRows.delete(key, transaction) }
        try TrialRows.delete(pipeline: changed.id, transaction)
        try PipelineStore.change(to: changed, at: now, transaction)
        return StoredChange(stored: stored, gone: gone)
    }

    /// A statement that runs ends where the change takes effect. One that does not run has events behind it that its user
    /// waits for.
    private static func requireLanded(
        _ gone: [PipelineProgress], _ pipeline: PipelineDefinition, in streams: StreamRegistry
    ) throws {
        for progress in gone where progress.failure != nil || pipeline.status != .running {
            let stream = try streams.stream(progress.key.streamID.hexDigits)
            let pending = try stream.log.get().status.acceptedEvents - progress.landedEvent
            guard pending > 0 else { continue }
            throw PipelinesError(
                .discardsEvents, "a statement that the new SQL has no more waits with events",
                ["pipeline": pipeline.name, "stream": stream.definition.name, "pending": pending],
                hint: "resume the pipeline and let them land, or add discard_pending: true to leave them out")
        }
    }

    /// Sends every statement of the pipeline to another place of its stream and counts from there: back, and events
    /// land again; ahead, and they are left out. A sink's table that was dropped is made anew.
    ///
    /// - Errors: `invalidDefinition`, `STR-402`, `STR-403`.
    package func reset(_ idOrName: String, _ body: JSONValue) async throws -> PipelineDefinition {
        let definition = try await pipeline(idOrName)
        let target = try ResetTarget(body)
        let keys = try await resources.metastore.read {
            try ProgressRows.all(pipeline: definition.id, $0).map(\.key)
        }
        // Nothing between here and there may be trimmed meanwhile. Another reset may hold the same: what this one lets
        // go must be its own.
        let suffix = "/reset-" + UniqueID.random(from: resources.randomness).hexDigits
        func guardian(_ key: ProgressKey) -> String { key.consumer + suffix }
        // Statements of one stream go to one place, also while the stream grows.
        var places: [UniqueID: (offset: LogOffset, event: Int64)] = [:]
        var held: [(log: StreamLog, consumer: String)] = []
        defer { for hold in held { hold.log.unregister(consumer: hold.consumer) } }
        for key in keys {
            let log = try resources.streams.stream(key.streamID.hexDigits).log.get()
            _ = try log.registerAtOldest(consumer: guardian(key))
            held.append((log, guardian(key)))
            if places[key.streamID] == nil { places[key.streamID] = try await target.find(in: log) }
        }
        let found = places
        _ = try await whileStopped(
            definition.id,
            settle: { (moved: [PipelineProgress]) in for progress in moved { rehold(progress) } }
        ) { transaction in
            try PromisedFileRows.forgetLost(pipeline: definition.id, transaction)
            try RetiredStatements.forget(pipeline: definition.id, transaction)
            return try ProgressRows.all(pipeline: definition.id, transaction).map { progress in
                guard let place = found[progress.key.streamID] else {
                    throw PipelinesError(.changing, "the pipeline was changed meanwhile", hint: "try again")
                }
                var new = PipelineProgress(key: progress.key, next: place.offset, startEvent: place.event)
                new.ownerEpoch = progress.ownerEpoch
                try ProgressRows.reset(to: new, transaction)
                try TrialRows.delete(progress.key, transaction)
                return new
            }
        }
        return try await tried(definition.id)
    }

    /// A runner does the same when it starts; a paused pipeline has none.
    private func rehold(_ progress: PipelineProgress) {
        do {
            let log = try resources.streams.stream(progress.key.streamID.hexDigits).log.get()
            _ = try log.register(consumer: progress.key.consumer, landed: progress.next)
        } catch {
            resources.log.error(
                "a pipeline cannot hold its stream's log",
                ["pipeline": .string(progress.key.pipelineID.hexDigits), "error": .string("\(error)")])
        }
    }
}
