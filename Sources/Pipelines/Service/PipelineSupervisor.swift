import Catalogs
import Effects
import Faults
import JSONText
import Metastore
import Streams
import Telemetry

/// Runs one statement of a pipeline: begins again after faults that pass, gives up after those that stay.
struct PipelineSupervisor {
    private static let firstPauseNanoseconds: Int64 = 200_000_000
    private static let longestPauseNanoseconds: Int64 = 30_000_000_000

    let service: PipelineService
    let key: ProgressKey
    let control: RunnerControl

    func run() async {
        var pause = Self.firstPauseNanoseconds
        while !control.isStopping {
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
                    ["pipeline": .string(key.pipelineID.hexDigits), "error": .string("\(error)")])
                service.resources.meters.of(key).retries.add()
                control.noteFailure(error, reason: Self.reason(error), isFinal: false)
                await control.pause(nanoseconds: pause)
                pause = min(pause * 2, Self.longestPauseNanoseconds)
            }
        }
        control.noteEnded()
    }

    private func runOnce() async throws {
        let resources = service.resources
        let key = self.key
        let (stored, definition) = try await resources.metastore.read { transaction in
            let definition = try PipelineStore.pipeline(key.pipelineID.hexDigits, transaction)
            guard try ProgressRows.get(key, transaction) != nil else { throw ProgressRows.gone(key) }
            return (try PipelineStore.storedStatus(of: key.pipelineID, transaction), definition)
        }
        if stored == .paused { return control.stop() }
        let compiled = try await service.compile(definition.sql, now: definition.createdAt)
        guard let statement = compiled.statement(key) else {
            throw PipelinesError(
                .corrupt, "the pipeline's SQL does not connect this stream and sink any more",
                ["stream": key.streamID.hexDigits, "sink": key.sinkID.hexDigits],
                hint: "a stream or sink with the same name was made anew: make the pipeline anew too")
        }
        let source = try resources.streams.stream(key.streamID.hexDigits).log.get()
        let context = try RunnerContext(
            definition, statement, source: source, control: control, resources: resources)
        var runner = try await PipelineRunner.start(context, control: control)
        do {
            do {
                while !control.isStopping {
                    if case .idle(let deadline) = try await runner.step(), !control.isStopping {
                        let now = resources.clock.monotonicNanoseconds
                        await control.wait(atMostNanoseconds: deadline.map { max(0, $0 - now) })
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
        let pipeline = key.pipelineID.hexDigits
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
        control.noteFailure(
            PipelinesError(.failed, "the pipeline failed: \(reason)", ["pipeline": pipeline], cause: error),
            reason: reason, isFinal: true)
    }

    private func store(failure reason: String) async {
        let key = self.key
        do {
            try await service.resources.metastore.write { try ProgressRows.setFailure(reason, of: key, $0) }
        } catch {
            service.resources.log.error(
                "a failed pipeline's status was not stored",
                ["pipeline": .string(key.pipelineID.hexDigits), "error": .string("\(error)")])
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
