import Effects
import Faults
import Metastore
import Streams
import TestKit
import Testing

@testable import Pipelines

/// A record that ends the process is found, alone, and everything else lands.
@Suite struct RecordTrialTests {
    private static let count: Int64 = 40

    /// What a node does that dies of one record: starts, works, and is gone without a stop.
    private final class Node {
        let bench: PipelineBench
        /// A whole slice holds so many records.
        let sliceRecords: Int64
        var next: Int64 = 0
        var starts = 0
        var landed: [Int64] = []

        init(_ bench: PipelineBench, sliceRecords: Int64) {
            self.bench = bench
            self.sliceRecords = sliceRecords
        }

        /// The record it stands before for good; nil when it died, or is through.
        func live(poison: Int64) async throws -> (poison: Int64?, isThrough: Bool) {
            starts += 1
            let (key, now) = (bench.key, bench.clock.now)
            let (isCareful, suspects) = try await bench.metastore.write { transaction in
                (try TrialRows.noteStart(at: now, transaction), try TrialRows.suspects(key, transaction))
            }
            let trial = RecordTrial(
                isCareful: isCareful, suspects: suspects, next: next, logEnd: RecordTrialTests.count)
            while next < RecordTrialTests.count {
                var limit = sliceRecords
                switch trial?.step(at: next) {
                case .poison(let record): return (record, false)
                case .records(let most): limit = min(limit, Int64(most ?? Int.max))
                case .over, nil: break
                }
                let records = next..<min(next + limit, RecordTrialTests.count)
                if trial != nil {
                    try await bench.metastore.write { try TrialRows.open(records, of: key, $0) }
                }
                if records.contains(poison) { return (nil, false) }
                landed += records
                next = records.upperBound
            }
            return (nil, true)
        }
    }

    @Test(arguments: [1, 3, 16, 17, 40] as [Int64]) func theRecordIsFoundAloneWhereverItIs(
        sliceRecords: Int64
    ) async throws {
        let bench = try await PipelineBench()
        let key = bench.key
        for poison in 0..<Self.count {
            try await bench.metastore.write { transaction in
                try TrialRows.delete(key, transaction)
                try TrialRows.noteStop(transaction)
            }
            let node = Node(bench, sliceRecords: sliceRecords)
            var found: Int64?
            while found == nil, node.starts < 12 {
                let life = try await node.live(poison: poison)
                #expect(!life.isThrough)
                found = life.poison
            }
            #expect(found == poison)
            #expect(node.landed == Array(0..<poison))
            // Two for chance, a slice, its parts twice over, the record itself.
            #expect(node.starts <= 8, "record \(poison)")
        }
    }

    @Test func nothingIsTriedAfterAStopOrALongTime() async throws {
        let bench = try await PipelineBench()
        func start(afterSeconds seconds: Int64) async throws -> Bool {
            bench.clock.advance(microseconds: seconds * 1_000_000)
            let now = bench.clock.now
            return try await bench.metastore.write { try TrialRows.noteStart(at: now, $0) }
        }
        for _ in 0..<2 { #expect(try await !start(afterSeconds: 5)) }
        #expect(try await start(afterSeconds: 5))
        try await bench.metastore.write { try TrialRows.noteStop($0) }
        for _ in 0..<2 { #expect(try await !start(afterSeconds: 5)) }
        #expect(try await start(afterSeconds: 5))
        for _ in 0..<4 { #expect(try await !start(afterSeconds: 601)) }
    }

    @Test func aTrialEndsWithTheRecordsThatWereThere() {
        #expect(RecordTrial(isCareful: false, suspects: nil, next: 3, logEnd: 9) == nil)
        #expect(RecordTrial(isCareful: true, suspects: nil, next: 9, logEnd: 9) == nil)
        let trial = RecordTrial(isCareful: true, suspects: nil, next: 3, logEnd: 9)
        #expect(trial?.step(at: 3) == .records(limit: nil) && trial?.step(at: 9) == .over)
        // What landed since is no suspect; what did not is one also when the node is not careful.
        let passed = RecordTrial.Suspects(records: 1..<3, deaths: 5)
        #expect(RecordTrial(isCareful: false, suspects: passed, next: 3, logEnd: 9) == nil)
        let known = RecordTrial.Suspects(records: 5..<6, deaths: 2)
        let stopped = RecordTrial(isCareful: false, suspects: known, next: 3, logEnd: 9)
        #expect(stopped?.step(at: 3) == .records(limit: 2) && stopped?.step(at: 5) == .poison(record: 5))
    }

    @Test func aRunnerLandsEachStepAndGoesOnAsAlways() async throws {
        let bench = try await PipelineBench()
        bench.isCareful = true
        for id in 1...6 { try await bench.send(#"[{"id":\#(id)}]"#) }
        let key = bench.key
        try await bench.metastore.write { try TrialRows.open(2..<4, of: key, $0) }
        let now = bench.clock.now
        _ = try await bench.metastore.write { try TrialRows.noteStart(at: now, $0) }
        // Without the trial nothing would be committed for an hour.
        var runner = try await bench.makeRunner(interval: 3600)
        var places: [Int64] = []
        while places.last != 6 {
            #expect(try await runner.step() == .progressed)
            places.append(runner.progress.next.record)
        }
        #expect(places == [2, 3, 4, 6])
        #expect(bench.landedIDs() == [1, 2, 3, 4, 5, 6])
        #expect(try await runner.step() == .progressed)
        #expect(try await bench.metastore.read { try TrialRows.suspects(key, $0) } == nil)
        #expect(try await runner.step() == .idle(until: nil))
    }

    @Test func aKnownRecordStopsThePipelineBeforeItAndAFaultIsNoDeath() async throws {
        let bench = try await PipelineBench()
        for id in 1...6 { try await bench.send(#"[{"id":\#(id)}]"#) }
        let key = bench.key
        for _ in 0..<2 {
            let now = bench.clock.now
            _ = try await bench.metastore.write { transaction in
                try TrialRows.open(3..<4, of: key, transaction)
                return try TrialRows.noteStart(at: now, transaction)
            }
        }
        var runner = try await bench.makeRunner(interval: 3600)
        while runner.progress.next.record < 3 { #expect(try await runner.step() == .progressed) }
        let fault = await #expect(throws: PipelinesError.self) { _ = try await runner.step() }
        #expect(fault?.code == .poisonRecord && fault?.message.contains("--to 4") == true)
        #expect(PipelineSupervisor.isFinal(try #require(fault)))
        #expect(runner.progress.next.record == 3 && bench.landedIDs() == [1, 2, 3])

        // A step that fails by a fault is taken back from the list.
        try await bench.metastore.write { try TrialRows.delete(key, $0) }
        bench.isCareful = true
        bench.sink.stop(at: .beforeCommit)
        var failing = try await bench.makeRunner(interval: 3600)
        await #expect(throws: (any Error).self) { _ = try await failing.step() }
        let now = bench.clock.now
        let suspects = try await bench.metastore.write { transaction in
            _ = try TrialRows.noteStart(at: now, transaction)
            return try TrialRows.suspects(key, transaction)
        }
        #expect(suspects == nil)
    }
}
