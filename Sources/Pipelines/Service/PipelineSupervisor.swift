import Catalogs
import Effects
import Faults
import JSONText
import Metastore
import Streams
import Telemetry

/// Runs one statement of a pipeline, or all of them in one transaction: begins again after faults that pass, gives up after
/// those that stay. Statements that run together fail together.
struct PipelineSupervisor {
    private static let firstPauseNanoseconds: Int64 = 200_000_000
    private static let longestPauseNanoseconds: Int64 = 30_000_000_000

    let service: PipelineService
    /// Of one pipeline.
    let controls: [ProgressKey: RunnerControl]

    func run() async {
        var pause = Self.firstPauseNanoseconds
        while !isStopping {
            let started = service.resources.clock.monotonicNanoseconds
            do {
                try await runOnce()
                break
            } catch {
                if Self.isFinal(error) {
                    await fail(with: error)
                    break
                }
                // After a long good run the next fault is a new one.
                if service.resources.clock.monotonicNanoseconds - started > Self.longestPauseNanoseconds {
                    pause = Self.firstPauseNanoseconds
                }
                service.resources.log.warning(
                    "a pipeline begins again after a fault",
                    ["pipeline": .string(pipeline), "error": .string("\(error)")])
                for (key, control) in controls {
                    service.resources.meters.of(key).retries.add(1)
                    control.noteFailure(error, reason: Self.reason(error), isFinal: false)
                }
                await controls.values.first?.pause(nanoseconds: pause)
                pause = min(pause * 2, Self.longestPauseNanoseconds)
            }
        }
        for control in controls.values { control.noteEnded() }
    }

    private var isStopping: Bool { controls.values.contains(where: \.isStopping) }
    private var pipeline: String { controls.keys.first?.pipelineID.hexDigits ?? "" }

    private func runOnce() async throws {
        let resources = service.resources
        let (pipeline, keys) = (self.pipeline, Array(controls.keys))
        let (stored, definition) = try await resources.metastore.read { transaction in
            let definition = try PipelineStore.pipeline(pipeline, transaction)
            for key in keys {
                guard try ProgressRows.get(key, transaction) != nil else { throw ProgressRows.gone(key) }
            }
            return (try PipelineStore.storedStatus(of: definition.id, transaction), definition)
        }
        if stored == .paused { return controls.values.forEach { $0.stop() } }
        let compiled = try await service.compile(definition.sql, now: definition.createdAt)
        let contexts = try contexts(of: definition, compiled)
        if let first = contexts.first, contexts.count == 1 {
            try await drive(try await PipelineRunner.start(first.context, control: first.control))
        } else {
            try await drive(try await TransactionRunner.start(contexts))
        }
    }

    /// In the order of the SQL.
    private func contexts(
        of definition: PipelineDefinition, _ compiled: CompiledPipeline
    ) throws -> [(context: RunnerContext, control: RunnerControl)] {
        for key in controls.keys where compiled.statement(key) == nil {
            throw PipelinesError(
                .corrupt, "the pipeline's SQL does not connect this stream and sink any more",
                ["stream": key.streamID.hexDigits, "sink": key.sinkID.hexDigits],
                hint: "a stream or sink with the same name was made anew: make the pipeline anew too")
        }
        let resources = service.resources
        return try compiled.statements.compactMap { statement in
            let key = statement.key(of: definition.id)
            guard let control = controls[key] else { return nil }
            let source = try resources.streams.stream(key.streamID.hexDigits).log.get()
            let context = try RunnerContext(
                definition, statement, source: source, control: control, resources: resources)
            return (context, control)
        }
    }

    private func drive(_ started: some StatementsRunner) async throws {
        var runner = started
        let clock = service.resources.clock
        do {
            do {
                while !isStopping {
                    if case .idle(let deadline) = try await runner.step(), !isStopping {
                        let now = clock.monotonicNanoseconds
                        await RunnerControl.wait(
                            for: Array(controls.values),
                            atMostNanoseconds: deadline.map { max(0, $0 - now) })
                    }
                }
            } catch is TransformStopped {
                // Only reading and computing stop midway: what was written before them counts.
            }
            try await runner.finish()
        } catch {
            await runner.abandon()
            throw error
        }
    }

    static func reason(_ error: any Error) -> String {
        (error as? any Fault)?.message ?? "\(error)"
    }

    private func fail(with error: any Error) async {
        let reason = Self.reason(error)
        let code = (error as? PipelinesError)?.code
        if code == .pipelineNotFound {
            // Somebody deleted what it works for, which is no fault of the pipeline.
            service.resources.log.info(
                "a pipeline ends: it, or its stream, was deleted", ["pipeline": .string(pipeline)])
        } else {
            service.resources.log.error(
                "a pipeline failed", ["pipeline": .string(pipeline), "error": .string("\(error)")])
            // Stored first: whoever hears of the failure finds it in the pipeline's status.
            if code != .ownershipLost { await store(failure: reason) }
        }
        let failure = PipelinesError(
            .failed, "the pipeline failed: \(reason)", ["pipeline": pipeline], cause: error)
        for control in controls.values { control.noteFailure(failure, reason: reason, isFinal: true) }
    }

    private func store(failure reason: String) async {
        let keys = Array(controls.keys)
        do {
            try await service.resources.metastore.write { transaction in
                for key in keys { try ProgressRows.setFailure(reason, of: key, transaction) }
            }
        } catch {
            service.resources.log.error(
                "a failed pipeline's status was not stored",
                ["pipeline": .string(pipeline), "error": .string("\(error)")])
        }
    }

    /// True for faults that waiting does not mend.
    static func isFinal(_ error: any Error) -> Bool {
        guard let fault = error as? any Fault else { return !(error is CancellationError) }
        // A limit of the catalog, as for the size of a table's metadata: expiring snapshots makes room.
        if (error as? CatalogError)?.code == .limitExceeded { return false }
        switch fault.kind {
        case .invalidRequest, .corruptData, .bug, .unsupported: return true
        case .conflict:
            guard let error = error as? PipelinesError else { return false }
            return [.tableMismatch, .tableReplaced, .ownershipLost].contains(error.code)
        case .notFound:
            // The pipeline was deleted, or what it has to read is gone.
            return (error as? StreamsError)?.code == .offsetTrimmed
                || (error as? PipelinesError)?.code == .pipelineNotFound
        default: return false
        }
    }
}
