import Effects
import JSONText
import Metastore
import Streams
import Telemetry

/// Working through records that the process may have died of; `RecordTrial` says when and how.
extension PipelineRunner {
    static let turnPauseNanoseconds: Int64 = 20_000_000

    mutating func step(_ trial: RecordTrial) async throws -> StepOutcome {
        switch trial.step(at: position.record) {
        case .over: try await closeTrial()
        case .poison(let record): throw poison(record)
        case .records(let limit):
            guard context.trials.take() else {
                await control.pause(nanoseconds: Self.turnPauseNanoseconds)
                return .progressed
            }
            defer { context.trials.giveBack() }
            do {
                try await tryRecords(limit: limit)
            } catch {
                await withdraw()
                throw error
            }
        }
        return .progressed
    }

    private mutating func tryRecords(limit: Int?) async throws {
        let slice = try await Self.prepare(
            context, from: position, mayPass: true, limit: limit, noting: noteTrial)
        guard case .work(let work) = slice else {
            return await control.pause(nanoseconds: Self.turnPauseNanoseconds)
        }
        try await writeWhole(work)
        try await commit()
    }

    /// Durable before the records are worked on.
    func noteTrial(_ records: Range<Int64>) async throws {
        let key = context.key
        try await context.metastore.write { try TrialRows.open(records, of: key, $0) }
    }

    mutating func closeTrial() async throws {
        let key = context.key
        try await context.metastore.write { try TrialRows.delete(key, $0) }
        endTrial()
    }

    func poison(_ record: Int64) -> PipelinesError {
        PipelinesError(
            .poisonRecord, "the process ended each time it worked on this record",
            ["pipeline": context.pipelineName, "stream": context.key.streamID.hexDigits, "record": record],
            hint: "`firn pipeline reset NAME --to \(record + 1)` leaves it out, `resume` tries it once more")
    }

    func withdraw() async {
        let key = context.key
        do {
            try await context.metastore.write { try TrialRows.close(key, $0) }
        } catch {
            context.log.warning(
                "a record trial that failed is still noted",
                ["pipeline": .string(context.pipelineName), "error": .string("\(error)")])
        }
    }
}
