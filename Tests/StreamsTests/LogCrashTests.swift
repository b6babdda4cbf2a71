import Effects
import FileFormats
import Scheduling
import StreamsKit
import Synchronization
import Testing

@testable import Streams

/// Power cuts, killed processes and failing syncs over many seeds, against the record of what was acknowledged.
@Suite struct LogCrashTests {
    @Test func everyAcknowledgedRecordSurvivesOnceAndWholeOverFiveHundredSeeds() {
        for seed in UInt64(1)...500 {
            if let violation = LogCrashRun(seed: seed, planted: []).run() {
                Issue.record("seed \(seed): \(violation)")
                return
            }
        }
    }

    #if DEBUG
        @Test(arguments: [
            PlantedBug.logSkipSync, .logAckBeforeWrite, .logAckBeforeSync, .logNoChecksumCheck,
            .logOpenNotSynced,
            .segmentDirectoryNotSynced, .logIgnoreFailedSync, .logMarksNotKept, .logMarksNotLearned,
            .logRepeatAckedEarly,
        ])
        func aPlantedBugIsFound(_ bug: PlantedBug) {
            let found = (UInt64(1)...500).contains { LogCrashRun(seed: $0, planted: [bug]).run() != nil }
            #expect(found, "no seed finds \(bug)")
        }
    #endif
}

/// One life of a log: appends, reads, trims, crashes; then a look at what is left.
struct LogCrashRun {
    let seed: UInt64
    let planted: Set<PlantedBug>

    private final class Ledger: Sendable {
        struct State {
            var acknowledged: [Int64: [UInt8]] = [:]
            var uncertain: [[UInt8]] = []
            var refused: Set<[UInt8]> = []
            var seen: [Int64: [UInt8]] = [:]
            var landed: Int64 = 0
            /// What producers send again: by key, with the place it was acknowledged at, if it was.
            var keyed: [UniqueID: (body: [UInt8], offset: LogOffset?)] = [:]
            var sent: Set<[UInt8]> = []
            var violation: String?
        }
        let state = Mutex(State())
    }

    /// Nil when all is well, else what is wrong.
    func run() -> String? {
        var random = SeededGenerator(seed: seed)
        let disk = SimulatedDisk()
        let ledger = Ledger()
        var limits = LogLimits()
        limits.segmentBytes = Int.random(in: 200...3000, using: &random)
        limits.replayWindowBytes = Int.random(in: 0...2000, using: &random)
        limits.groupBytes = Int.random(in: 100...2000, using: &random)
        var environment = LogEnvironment(files: disk, pool: LogCrashRun.pool)
        environment.planted = PlantedBugs(planted)
        environment.plantedPauseSeconds = 0
        for life in 0..<Int.random(in: 2...4, using: &random) {
            if Int.random(in: 0..<4, using: &random) == 0 {
                disk.cutPower(afterSteps: Int.random(in: 1...12, using: &random))
            }
            do {
                let log = try StreamLog(
                    opening: "logs", streamID: UniqueID(high: 7, low: seed), limits: limits,
                    environment: environment)
                if let wrong = check(log, ledger), !disk.isCut { return "life \(life): \(wrong)" }
                if let wrong = live(log, disk, ledger, &random) { return "life \(life): \(wrong)" }
            } catch {
                if !disk.isCut { return "life \(life): opening failed: \(error)" }
            }
            // A killed process leaves its page cache; only a later power cut takes that back.
            if Int.random(in: 0..<3, using: &random) == 0 {
                disk.restartProcess()
            } else {
                disk.restart(&random)
            }
        }
        do {
            let log = try StreamLog(
                opening: "logs", streamID: UniqueID(high: 7, low: seed), limits: limits,
                environment: environment)
            return check(log, ledger)
        } catch {
            return "the last opening failed: \(error)"
        }
    }

    private static let pool = IOPool(name: "crash", threads: 1)

    private func live(
        _ log: StreamLog, _ disk: SimulatedDisk, _ ledger: Ledger, _ random: inout SeededGenerator
    ) -> String? {
        do {
            _ = try log.register(
                consumer: "p", landed: LogOffset(record: ledger.state.withLock { $0.landed }))
        } catch {
            return disk.isCut ? nil : "registering failed: \(error)"
        }
        disk.cutPower(afterSteps: Int.random(in: 1...60, using: &random))
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 0: disk.failNextSyncs(1)
            case 1, 2: land(log, ledger, &random)
            case 3:
                do { try log.reopenBlocking() } catch {
                    if !disk.isCut { return "reopening failed: \(error)" }
                }
            case 4, 5: sendAgain(to: log, ledger, &random)
            default: append(Int.random(in: 1...4, using: &random), to: log, ledger, &random)
            }
            log.runPending()
            disk.failNextSyncs(0)
            if let violation = ledger.state.withLock({ $0.violation }) { return violation }
        }
        return nil
    }

    private func append(_ count: Int, to log: StreamLog, _ ledger: Ledger, _ random: inout SeededGenerator) {
        for _ in 0..<count {
            let size = Int.random(in: 16...900, using: &random)
            let body = (0..<size).map { _ in UInt8.random(in: 1...255, using: &random) }
            let key = Bool.random(using: &random) ? UniqueID(high: 5, low: random.next()) : nil
            if let key { ledger.state.withLock { $0.keyed[key] = (body, nil) } }
            send(body, key: key, to: log, ledger)
            // An impatient producer does not wait for the first answer.
            if key != nil, Int.random(in: 0..<4, using: &random) == 0 {
                send(body, key: key, to: log, ledger)
            }
        }
    }

    /// A producer that heard nothing, or does not believe it, sends a request again.
    private func sendAgain(to log: StreamLog, _ ledger: Ledger, _ random: inout SeededGenerator) {
        let known = ledger.state.withLock { $0.keyed }
        let keys = known.keys.sorted { $0.low < $1.low }
        for _ in 0..<3 {
            guard let key = keys.randomElement(using: &random), let body = known[key]?.body else { return }
            send(body, key: key, to: log, ledger)
        }
    }

    private func send(_ body: [UInt8], key: UniqueID?, to log: StreamLog, _ ledger: Ledger) {
        let append = LogAppend(
            body: body, eventCount: Int(body[0] % 7) + 1, framing: .lines,
            receivedAt: Instant(microseconds: 1), mark: key.map { .key($0) })
        ledger.state.withLock { _ = $0.sent.insert(body) }
        log.append(append) { result in
            ledger.state.withLock { state in
                switch result {
                case .success(let receipt):
                    // Acknowledged late, when the producer had given it up already.
                    state.refused.remove(body)
                    state.acknowledged[receipt.offset.record] = body
                    guard let key else { return }
                    if let first = state.keyed[key]?.offset, first != receipt.offset {
                        state.violation = "a request kept at \(first) was kept again at \(receipt.offset)"
                    }
                    state.keyed[key]?.offset = receipt.offset
                case .failure(let error) where error.code == .outcomeUnknown:
                    state.refused.remove(body)
                    state.uncertain.append(body)
                case .failure:
                    let isKnown =
                        key.flatMap { state.keyed[$0]?.offset } != nil || state.uncertain.contains(body)
                    if !isKnown { state.refused.insert(body) }
                }
            }
        }
    }

    /// Reads as a pipeline does and remembers what it saw: what was read once must never change or vanish.
    private func land(_ log: StreamLog, _ ledger: Ledger, _ random: inout SeededGenerator) {
        do {
            let from = ledger.state.withLock { $0.landed }
            let slice = try log.readBlocking(from: LogOffset(record: from), maxBytes: 1500)
            ledger.state.withLock { state in
                for record in slice.records { state.seen[record.number] = record.append.body }
                state.landed = slice.next.record
            }
            try log.advance(consumer: "p", to: slice.next)
        } catch {
            // The disk may be cut, or the log poisoned: nothing was promised.
        }
    }

    private func check(_ log: StreamLog, _ ledger: Ledger) -> String? {
        let state = ledger.state.withLock { $0 }
        var found: [Int64: [UInt8]] = [:]
        var offset = log.status.oldest
        do {
            while true {
                let slice = try log.readBlocking(from: offset, maxBytes: 700)
                for record in slice.records { found[record.number] = record.append.body }
                if slice.isAtEnd { break }
                if slice.next == offset { return "reading stands still at \(offset)" }
                offset = slice.next
            }
        } catch {
            return "reading failed: \(error)"
        }
        for (number, body) in state.acknowledged where found[number] != body {
            if found[number] == nil, number < log.status.oldest.record, number < state.landed { continue }
            return "acknowledged record \(number) is \(found[number] == nil ? "gone" : "another")"
        }
        for (number, body) in state.seen where number >= log.status.oldest.record && found[number] != body {
            return "record \(number) was read and has changed"
        }
        if log.status.end.record < state.landed { return "the log ends before what has landed" }
        let bodies = found.values.map { $0 }
        if Set(bodies).count != bodies.count { return "a record is there twice" }
        if let stranger = bodies.first(where: { !state.sent.contains($0) }) {
            return "a record of \(stranger.count) bytes is there that nobody sent"
        }
        if let ghost = bodies.first(where: { state.refused.contains($0) }) {
            return "a refused record of \(ghost.count) bytes is there"
        }
        return nil
    }
}
