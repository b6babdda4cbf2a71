import Blobs
import Effects
import TestKit
import Testing

@testable import S3Client

/// What many seeds of a failing network do to writes: none is acknowledged that did not happen, none happens twice.
@Suite("S3BlobStore on a failing network")
struct S3HistoryTests {
    @Test("the answer to each write is true of the store", arguments: 0..<300)
    func sequential(seed: Int) async throws {
        // A request without condition that arrives late undoes what came after it, on any store: only here without.
        let world = try S3World(
            seed: UInt64(seed), perMille: 300,
            faults: [.notConnected, .resetBefore, .resetAfter, .errorBefore, .errorAfter, .slowDown]
        ) { $0.attempts = 3 }
        var generator = SeededGenerator(seed: UInt64(seed) &+ 7)
        for index in 0..<40 {
            let path = world.path("k\(generator.next() % 3)")
            let outer = "base/lake/\(path.key)"
            let before = world.server.object(outer)
            let bytes = [UInt8](repeating: UInt8(index), count: Int(generator.next() % 3) * 3000 + 1)
            let condition: PutCondition =
                switch generator.next() % 4 {
                case 0: .always
                case 1: .ifAbsent
                case 2: .ifMatch(etag: before?.etag ?? "none")
                default: .ifMatch(etag: "other")
                }
            let outcome: BlobsError.Code?
            do {
                let info = try await world.store.put(path, bytes, if: condition)
                outcome = nil
                #expect(info.etag == world.server.object(outer)?.etag)
            } catch let error as BlobsError {
                outcome = error.code
            }
            let after = world.server.object(outer)
            let holds: Bool =
                switch condition {
                case .always: true
                case .ifAbsent: before == nil
                case .ifMatch(let etag): before?.etag == etag
                }
            let story = "seed \(seed), write \(index), \(condition), \(String(describing: outcome))"
            switch outcome {
            case nil: #expect(holds && after?.bytes == bytes, "\(story)")
            case .conditionFailed, .notFound: #expect(!holds && after?.etag == before?.etag, "\(story)")
            case .unavailable: #expect(after?.etag == before?.etag, "\(story)")
            default:
                #expect(outcome == .writeUnresolved, "\(story)")
                #expect(after?.etag == before?.etag || (holds && after?.bytes == bytes), "\(story)")
            }
        }
    }

    @Test("a counter has what was acknowledged, and at most what nobody could say", arguments: 0..<100)
    func counter(seed: Int) async throws {
        let world = try S3World(seed: UInt64(seed), perMille: 200) { $0.attempts = 4 }
        var tally = try await CounterHistory(store: world.store, path: world.path("n")).run()
        // What was still under way arrives.
        world.server.performLate()
        tally.found = CounterHistory.value(of: try #require(world.server.object("base/lake/n")).bytes)
        #expect(tally.isPossible, "seed \(seed): \(tally)")
    }
}
