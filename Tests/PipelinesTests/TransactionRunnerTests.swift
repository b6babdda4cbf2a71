import Columnar
import Effects
import Metastore
import Scheduling
import Streams
import Synchronization
import TestKit
import Testing

@testable import Pipelines

/// Statements that commit together, over sinks that can be stopped at every step.
@Suite struct TransactionRunnerTests {
    private static let hour: Int64 = 3_600_000_000

    @Test func whatOneSinksPolicyAsksForAllDo() async throws {
        let world = try await TransactionBench()
        world.policies[0].intervalSeconds = 3600
        world.policies[1].intervalSeconds = 1
        try await world.send(1...3)
        var runner = try await world.makeRunner()
        #expect(
            try await runner.step() == .idle(until: world.bench.clock.monotonicNanoseconds + 1_000_000_000))
        #expect(world.landed == [[], []])
        world.bench.clock.advance(microseconds: 1_000_000)
        #expect(try await runner.step() == .idle(until: nil))
        #expect(world.landed == [[1, 2, 3], [1, 2, 3]])
        let stored = try await world.progresses()
        #expect(stored.map(\.next.record) == [3, 3])
        #expect(stored[0].commitID != nil && stored[0].commitID == stored[1].commitID)
        #expect(world.sinks.map { $0.summaries.last?["firn.offset"] } == ["3:0", "3:0"])
    }

    @Test func rowsOfOneSinkBringTheCommitOfAll() async throws {
        let world = try await TransactionBench()
        world.policies[1].fileRows = 2
        var runner = try await world.makeRunner()
        try await world.send(1...1)
        _ = try await runner.step()
        #expect(world.landed == [[], []])
        try await world.send(2...2)
        _ = try await runner.step()
        #expect(world.landed == [[1, 2], [1, 2]])
    }

    @Test func aStatementThatKeepsNothingMovesToo() async throws {
        let world = try await TransactionBench()
        world.transforms[1] = NothingTransform()
        try await world.send(1...3)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        world.bench.clock.advance(microseconds: Self.hour)
        _ = try await runner.step()
        let stored = try await world.progresses()
        #expect(world.landed == [[1, 2, 3], []])
        #expect(stored.map(\.next.record) == [3, 3] && stored[1].counts.filtered == 3)
    }

    /// As where statements ran apart until now, and one of them failed for a time.
    @Test func oneThatIsAheadWaitsForTheOthersAndNothingLandsTwice() async throws {
        var ahead = PipelineProgress(key: TransactionBench.secondKey, next: .start, startEvent: 0)
        ahead.next = LogOffset(record: 2)
        ahead.landedEvent = 2
        ahead.counts.passed = 2
        let world = try await TransactionBench(secondAt: ahead)
        try await world.send(1...4)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        world.bench.clock.advance(microseconds: Self.hour)
        _ = try await runner.step()
        #expect(world.landed == [[1, 2, 3, 4], [3, 4]])
        let stored = try await world.progresses()
        #expect(stored.map(\.next.record) == [4, 4] && stored.map(\.counts.passed) == [4, 4])
    }

    @Test func aFlushOfOneLandsAll() async throws {
        let world = try await TransactionBench()
        try await world.send(1...2)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        let (control, end) = (world.controls[1], world.bench.log.status.end)
        async let flushed: Void = control.flush(to: end)
        while control.flushTarget == nil { await Task.yield() }
        _ = try await runner.step()
        try await flushed
        #expect(world.landed == [[1, 2], [1, 2]])
    }

    @Test func whereOneSinkRefusesNothingMovesAndAllFilesGo() async throws {
        let world = try await TransactionBench()
        try await world.send(1...2)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        world.bench.clock.advance(microseconds: Self.hour)
        world.sinks[1].fillDisk()
        await #expect(throws: MemorySink.DiskFull.self) { _ = try await runner.step() }
        #expect(world.landed == [[], []] && world.sinks.map(\.abandonedCount) == [1, 1])
        #expect(try await world.progresses().map(\.next.record) == [0, 0])
        var next = try await world.makeRunner()
        _ = try await next.step()
        world.bench.clock.advance(microseconds: Self.hour)
        _ = try await next.step()
        #expect(world.landed == [[1, 2], [1, 2]])
    }

    @Test(arguments: [
        MemorySink.Stop.atOpen, .atWrite, .beforeCommit, .insideCommit, .afterCommit, .answerLost,
    ])
    func whereverOneIsStoppedTheOthersAreNoFurther(_ stop: MemorySink.Stop) async throws {
        for sink in 0...1 {
            let world = try await TransactionBench()
            world.policies[0].intervalSeconds = 1
            for round in 0..<3 {
                try await world.send(3 * round + 1...3 * round + 3)
                if round == 1 { world.sinks[sink].stop(at: stop) }
                var runner = try await world.makeRunner()
                do {
                    _ = try await runner.step()
                    world.bench.clock.advance(microseconds: 2_000_000)
                    _ = try await runner.step()
                } catch { await runner.abandon() }
                let places = try await world.progresses().map(\.next)
                #expect(places[0] == places[1])
            }
            // 7 is rejected.
            let wanted: [Int64] = [1, 2, 3, 4, 5, 6, 8, 9]
            // One after the other the sinks note what has happened: a stop between them is the fakes', not the transaction's.
            if ![.afterCommit, .answerLost].contains(stop) { #expect(world.landed == [wanted, wanted]) }
            #expect(try await world.progresses().map(\.counts.passed) == [8, 8])
        }
    }

    @Test func aSecondOwnerStopsAllStatementsOfTheFirst() async throws {
        let world = try await TransactionBench()
        try await world.send(1...2)
        var first = try await world.makeRunner()
        _ = try await first.step()
        var second = try await world.makeRunner()
        _ = try await second.step()
        world.bench.clock.advance(microseconds: Self.hour)
        let lost = await #expect(throws: PipelinesError.self) { _ = try await first.step() }
        #expect(lost?.code == .ownershipLost && world.landed == [[], []])
        _ = try await second.step()
        #expect(world.landed == [[1, 2], [1, 2]])
    }

    @Test func withoutMemoryTheStatementsGoOneAfterTheOther() async throws {
        let world = try await TransactionBench()
        let ledger = MemoryLedger(limit: 1 << 20)
        world.bench.memory = SliceMemory(ledger: ledger)
        try await world.send(1...3)
        var runner = try await world.makeRunner()
        let taken = try ledger.reserve(1 << 20, for: "a query")
        var other = try world.bench.memory.hold(1, mayPass: true)
        #expect(other != nil)
        #expect(try await runner.step() == .progressed)
        #expect(runner.members.map(\.position.record) == [0, 0])
        other = nil
        // Each has the pass in turn.
        _ = try await runner.step()
        #expect(runner.members.map(\.position.record) == [3, 3])
        try await runner.commit()
        #expect(world.landed == [[1, 2, 3], [1, 2, 3]])
        #expect(try world.bench.memory.hold(1, mayPass: true) != nil)
        #expect(ledger.reserved == taken.bytes)
    }

    @Test func whatOneHasWrittenIsKeptWhileAnotherFindsNoMemory() async throws {
        final class ScarceTransform: RowTransform {
            let output = TestTransform().output
            let unfolds = false
            let refusals = Mutex(3)

            func apply(_ batch: Batch) throws -> TransformedRows {
                let isRefused = refusals.withLock { left in
                    left -= 1
                    return left >= 0
                }
                if isRefused { _ = try MemoryLedger(limit: 1).reserve(2, for: "a test") }
                return try TestTransform().apply(batch)
            }
        }
        let world = try await TransactionBench()
        world.transforms[1] = ScarceTransform()
        try await world.send(1...2)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        #expect(runner.members.map(\.position.record) == [2, 2])
        try await runner.commit()
        #expect(world.landed == [[1, 2], [1, 2]] && world.sinks.map(\.abandonedCount) == [0, 0])
    }

    /// What the slices of both take is all there is, and rows in the middle of one need more.
    @Test func rowsAmidstASliceGetTheMemoryThatTheOthersAndItsOwnSliceHold() async throws {
        let world = try await TransactionBench()
        world.bench.rowLimit = 2
        world.bench.partBytes = 1
        try await world.bench.send("[" + (1...6).map { #"{"id":\#($0)}"# }.joined(separator: ",") + "]")
        let needed = try await world.memoryBytes(ofRecords: 1)
        let ledger = MemoryLedger(limit: 2 * needed)
        world.bench.memory = SliceMemory(ledger: ledger)
        world.transforms[1] = HungryTransform(ledger: ledger, bytes: needed + 1, since: 3)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        #expect(runner.members.map(\.position.record) == [1, 1])
        try await runner.commit()
        #expect(world.landed == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
        #expect(world.sinks.map(\.abandonedCount) == [0, 0] && ledger.reserved == 0)
        #expect(try world.bench.memory.hold(3 * needed, mayPass: true) != nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func aSliceThatDoesNotFitIsTakenInSmallerOnesAndNothingIsLostOrRepeated() async throws {
        let world = try await TransactionBench()
        try await world.send(1...6)
        let needed = try await world.memoryBytes(ofRecords: 1)
        let ledger = MemoryLedger(limit: 1 << 20)
        world.bench.memory = SliceMemory(ledger: ledger)
        // Beside the slice of one record there is room, beside that of two there is none.
        world.transforms[1] = HungryTransform(ledger: ledger, bytes: (1 << 20) - needed)
        var runner = try await world.makeRunner()
        let pass = try world.bench.memory.hold(2 << 20, mayPass: true)
        #expect(pass != nil)
        for _ in 0..<40 where runner.members[1].position.record < 6 { _ = try await runner.step() }
        try await runner.commit()
        #expect(world.landed == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]])
        #expect(try await world.progresses().map(\.counts.passed) == [6, 6])
        #expect(ledger.reserved == 0)
    }

    @Test(.timeLimit(.minutes(1)))
    func whereNotEvenOneRecordFindsMemoryTheRefusalIsTheCallers() async throws {
        let world = try await TransactionBench()
        try await world.send(1...3)
        let ledger = MemoryLedger(limit: 1 << 20)
        world.transforms[1] = HungryTransform(ledger: ledger, bytes: 2 << 20)
        var runner = try await world.makeRunner()
        let refusal = await #expect(throws: SchedulingError.self) {
            for _ in 0..<40 { _ = try await runner.step() }
        }
        #expect(refusal?.code == .memoryExhausted)
        await runner.abandon()
        #expect(world.landed == [[], []])
        #expect(try await world.progresses().map(\.next.record) == [0, 0])
    }

    @Test func aStopLandsWhatAllHaveRead() async throws {
        let world = try await TransactionBench()
        try await world.send(1...3)
        var runner = try await world.makeRunner()
        _ = try await runner.step()
        world.controls.forEach { $0.stop() }
        try await runner.finish()
        #expect(world.landed == [[1, 2, 3], [1, 2, 3]])
    }

    @Test func ofASliceThatOneHasNotWrittenNothingLands() async throws {
        let world = try await TransactionBench()
        try await world.send(1...1)
        var runner = try await world.makeRunner()
        world.sinks[1].stop(at: .atWrite)
        await #expect(throws: MemorySink.Stopped.self) { _ = try await runner.step() }
        try await runner.finish()
        #expect(world.landed == [[], []])
        #expect(try await world.progresses().map(\.next.record) == [0, 0])
    }

    @Test func aRecordThatEndsTheProcessIsFoundAndWhatIsBeforeItLands() async throws {
        let world = try await TransactionBench()
        try await world.send(1...6)
        let key = world.keys[1]
        for _ in 0..<2 {
            let now = world.bench.clock.now
            _ = try await world.bench.metastore.write { transaction in
                try TrialRows.open(3..<4, of: key, transaction)
                return try TrialRows.noteStart(at: now, transaction)
            }
        }
        var runner = try await world.makeRunner()
        while runner.members[1].progress.next.record < 3 {
            #expect(try await runner.step() == .progressed)
        }
        let fault = await #expect(throws: PipelinesError.self) { _ = try await runner.step() }
        #expect(fault?.code == .poisonRecord)
        #expect(world.landed == [[1, 2, 3], [1, 2, 3]])
    }
}
