import Effects
import Testing

@testable import Buckets

@Suite("Which segments are compacted")
struct SegmentUseTests {
    /// Segments from the oldest to the newest, each of 100 bytes, by the bytes that live in them.
    private func wasteful(_ live: [Int64], limits: StoreLimits = StoreLimits()) -> [UInt64] {
        let closed = live.enumerated().map { index, live in
            SegmentUse(number: UInt64(index + 1), size: 100, live: live)
        }
        return SegmentUse.wasteful(closed, limits: limits)
    }

    @Test(
        "none while the journal as a whole is in use, then the emptiest that are enough, never the newest",
        arguments: [
            ([], []), ([1], []), ([40, 97, 100, 100], []), ([1, 1, 100, 100], []), ([49, 49, 49, 100], []),
            ([5, 2, 3, 100], [2, 3]), ([1, 1], [1]), ([1, 99], []), ([0, 0, 7], []), ([60, 60, 10, 9], [3]),
            ([9, 8, 7, 6, 5, 4, 3], [6, 5, 4, 3]),
        ] as [([Int64], [UInt64])])
    func chooses(live: [Int64], expected: [UInt64]) {
        #expect(wasteful(live) == expected)
    }

    /// A journal of segments with a hundred objects each, run for a while; how many objects its compaction moved, and the
    /// most segments it had for each full one that lives.
    private func run(rounds: Int, die: (inout [Int: Int], Int) -> Void) -> (moved: Int, most: Double) {
        var place: [Int: Int] = [:]
        var (next, moved, most) = (0, 0, 0.0)
        var segments: Set<Int> = []
        var waiting: [Int] = []
        for segment in 1...rounds {
            // What was moved comes first, then new objects; each new one lets an old one die.
            for object in waiting.prefix(100) where place[object] != nil { place[object] = segment }
            for _ in 0..<max(0, 100 - waiting.count) {
                place[next] = segment
                next += 1
                die(&place, next)
            }
            waiting.removeFirst(min(100, waiting.count))
            segments.insert(segment)
            let live = Dictionary(grouping: place.values, by: { $0 }).mapValues { Int64($0.count) }
            segments.formIntersection(live.keys)
            let closed = segments.map { SegmentUse(number: UInt64($0), size: 100, live: live[$0] ?? 0) }
            if waiting.isEmpty {
                let chosen = Set(SegmentUse.wasteful(closed, limits: StoreLimits()).map { Int($0) })
                waiting = place.filter { chosen.contains($0.value) }.keys.sorted()
                moved += waiting.count
            }
            if segment > 20 { most = max(most, Double(segments.count) / (Double(place.count) / 100)) }
        }
        return (moved, most)
    }

    @Test("objects that go in the order they came are not moved")
    func firstInFirstOut() {
        let result = run(rounds: 60) { place, next in place[next - 350] = nil }
        #expect(result.moved == 0 && result.most < 1.5, "\(result)")
    }

    @Test("objects that go in any order take at most twice their bytes, and some segments", arguments: 1...3)
    func anyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let result = run(rounds: 80) { place, next in
            guard place.count > 600 else { return }
            var victim = Int.random(in: 0..<next, using: &generator)
            while place[victim] == nil { victim = Int.random(in: 0..<next, using: &generator) }
            place[victim] = nil
        }
        #expect(result.moved > 0 && result.most < 2.6, "\(result)")
    }
}
