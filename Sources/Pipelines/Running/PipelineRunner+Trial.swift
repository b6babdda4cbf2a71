import Effects
import JSONText
import Metastore
import Streams
import Telemetry

/// Working through records that the process may have died of; `RecordTrial` says when and how.
extension PipelineRunner {
    private static let turnPauseNanoseconds: Int64 = 20_000_000

    mutating func step(_ trial: RecordTrial) async throws -> Outcome {
        let key = context.key
        switch trial.step(at: position.record) {
        case .over:
            try await context.metastore.write { try TrialRows.delete(key, $0) }
            endTrial()
        case .poison(let record):
            throw PipelinesError(
                .poisonRecord, "the process ended each time it worked on this record",
                ["pipeline": context.pipelineName, "stream": key.streamID.hexDigits, "record": record],
                hint:
                    "`firn pipeline reset NAME --to \(record + 1)` leaves it out, `resume` tries it once more"
            )
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
        let key = context.key
        let metastore = context.metastore
        let slice = try await Self.prepare(context, from: position, mayPass: true, limit: limit) { records in
            try await metastore.write { try TrialRows.open(records, of: key, $0) }
        }
        guard case .work(var work) = slice else {
            return await control.pause(nanoseconds: Self.turnPauseNanoseconds)
        }
        try await write(work)
        while !work.reading.isEnd {
            work = try await Self.advance(context, work.reading, work.hold)
            try await write(work)
        }
        try await commit()
    }

    private func withdraw() async {
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
