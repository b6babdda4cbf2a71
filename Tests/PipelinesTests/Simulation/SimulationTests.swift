import Effects
import Foundation
import Testing

/// Log, progress and commit over many seeds; `Docs/decisions/0019` says what is real in it and what is modelled.
@Suite struct SimulationTests {
    /// `FIRN_SEEDS=10000` runs as many, `FIRN_SEEDS=77-77` one again.
    private static let seeds: ClosedRange<UInt64> = {
        let text = ProcessInfo.processInfo.environment["FIRN_SEEDS"] ?? "300"
        let parts = text.split(separator: "-").compactMap { UInt64($0) }
        return parts.count == 2 ? parts[0]...parts[1] : 1...max(1, parts.first ?? 1)
    }()

    @Test func everyAcknowledgedEventLandsOnceWhateverFails() async {
        for found in await SimulationSeeds.violations(in: Self.seeds) {
            Issue.record("seed \(found.seed): \(found.violation)")
        }
    }

    @Test func aSeedTakesTheSameWayAgain() throws {
        let scratch = try SimulationScratch()
        for seed in UInt64(1)...5 {
            let first = try scratch.run(seed: seed, planted: [])
            #expect(try scratch.run(seed: seed, planted: []) == first, "seed \(seed)")
        }
    }

    #if DEBUG
        /// The bugs that show only when several parts work together are found here alone.
        static let bugs: [PlantedBug] = [
            .logSkipSync, .logAckBeforeWrite, .logAckBeforeSync, .logOpenNotSynced,
            .segmentDirectoryNotSynced, .logIgnoreFailedSync, .logMarksNotKept, .logMarksNotLearned,
            .logRepeatAckedEarly, .progressOutsideTransaction, .countersOutsideTransaction,
            .trimBeforeCommit, .replayLastRecord, .progressNotCompared, .rejectsDropped,
            .logFailedMarkKept, .logFullDiskLeftovers, .placeAtLogEnd, .commitInsideRecord, .rejectsApart,
            .epochNotCompared, .ackAfterLease, .statementsApart,
        ]

        @Test(arguments: bugs)
        func aPlantedBugIsFound(_ bug: PlantedBug) async {
            let found = await SimulationSeeds.violations(in: 1...1000, planted: [bug], threads: 1)
            #expect(!found.isEmpty, "no seed finds \(bug)")
        }
    #endif
}
