import Effects
import Faults
import JSONText
import Metastore
import Streams
import Telemetry

/// Runs one pipeline: begins again after faults that pass, gives up after those that stay.
struct PipelineSupervisor {
    private static let firstPauseNanoseconds: Int64 = 200_000_000
    private static let longestPauseNanoseconds: Int64 = 30_000_000_000

    let service: PipelineService
    let id: UniqueID
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
                    ["pipeline": .string(id.hexDigits), "error": .string("\(error)")])
                control.noteFailure(error, isFinal: false)
                await control.pause(nanoseconds: pause)
                pause = min(pause * 2, Self.longestPauseNanoseconds)
            }
        }
        control.noteEnded()
    }

    private func runOnce() async throws {
        let resources = service.resources
        let definition = try await service.pipeline(id.hexDigits)
        if definition.status == .failed {
            // Whatever it failed with may have been mended before this start.
            let now = resources.clock.now
            let id = self.id
            try await resources.metastore.write {
                try PipelineStore.setStatus(.running, reason: nil, of: id, at: now, $0)
            }
        }
        let compiled = try await service.compile(definition.sql, now: definition.createdAt)
        let source = try resources.streams.stream(compiled.stream.id.hexDigits).log.get()
        let context = try RunnerContext(definition, compiled, source: source, resources: resources)
        var runner = try await PipelineRunner.start(context, control: control)
        do {
            while !control.isStopping {
                if case .idle(let deadline) = try await runner.step(), !control.isStopping {
                    let now = resources.clock.monotonicNanoseconds
                    await control.wait(atMostNanoseconds: deadline.map { max(0, $0 - now) })
                }
            }
            try await runner.commit()
        } catch {
            await runner.abandon()
            throw error
        }
    }

    private func fail(with error: any Error) async {
        let reason = (error as? any Fault)?.message ?? "\(error)"
        service.resources.log.error(
            "a pipeline failed", ["pipeline": .string(id.hexDigits), "error": .string("\(error)")])
        control.noteFailure(
            PipelinesError(
                .failed, "the pipeline failed: \(reason)", ["pipeline": id.hexDigits], cause: error),
            isFinal: true)
        if (error as? PipelinesError)?.code == .ownershipLost { return }
        let now = service.resources.clock.now
        let id = self.id
        do {
            try await service.resources.metastore.write {
                try PipelineStore.setStatus(.failed, reason: reason, of: id, at: now, $0)
            }
        } catch {
            service.resources.log.error(
                "a failed pipeline's status was not stored",
                ["pipeline": .string(id.hexDigits), "error": .string("\(error)")])
        }
    }

    /// True for faults that waiting does not mend.
    static func isFinal(_ error: any Error) -> Bool {
        guard let fault = error as? any Fault else { return !(error is CancellationError) }
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
