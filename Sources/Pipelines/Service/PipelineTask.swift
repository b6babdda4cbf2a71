import Effects
import JSONText
import Metastore
import Telemetry

/// Runs the statements of one pipeline: each by itself, or all together where the pipeline asks for one transaction.
struct PipelineTask {
    private static let pauseNanoseconds: Int64 = 1_000_000_000

    let service: PipelineService
    let controls: [ProgressKey: RunnerControl]

    func run() async {
        guard controls.count > 1, let id = controls.keys.first?.pipelineID else { return await runApart() }
        while !controls.values.contains(where: \.isStopping) {
            do {
                let isTransaction = try await service.resources.metastore.read {
                    try PipelineStore.isTransaction(id, $0)
                }
                guard isTransaction else { return await runApart() }
                return await PipelineSupervisor(service: service, controls: controls).run()
            } catch {
                service.resources.log.warning(
                    "a pipeline cannot be read and is tried again",
                    ["pipeline": .string(id.hexDigits), "error": .string("\(error)")])
                for control in controls.values {
                    control.noteFailure(error, reason: PipelineSupervisor.reason(error), isFinal: false)
                }
                await controls.values.first?.pause(nanoseconds: Self.pauseNanoseconds)
            }
        }
        for control in controls.values { control.noteEnded() }
    }

    private func runApart() async {
        await withDiscardingTaskGroup { group in
            for (key, control) in controls {
                group.addTask { await PipelineSupervisor(service: service, controls: [key: control]).run() }
            }
        }
    }
}
