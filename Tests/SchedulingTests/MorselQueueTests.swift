import Testing

@testable import Scheduling

/// Whose turn is next, decided by hand: every morsel takes as long as its share's say.
struct MorselQueueTests {
    private struct Load {
        let name: Character
        let share: WorkShare
        let milliseconds: Int64
        var morsels: Int
    }

    /// The shares in the order in which one thread computes, each with its next morsel always waiting.
    private static func order(_ loads: [Load], arrivals: [Int: [Load]] = [:]) -> String {
        var queue = MorselQueue<Character>()
        var open: [Character: Load] = [:]
        func add(_ load: Load) {
            open[load.name] = load
            queue.add(load.name, load.share)
        }
        for load in loads { add(load) }
        var order = ""
        while let taken = queue.take() {
            for load in arrivals[order.count] ?? [] { add(load) }
            order.append(taken.job)
            guard var load = open[taken.job] else { continue }
            taken.share.charge(load.milliseconds * 1_000_000, insteadOf: taken.expected)
            load.morsels -= 1
            open[taken.job] = load
            if load.morsels > 0 { queue.add(load.name, load.share) }
        }
        return order
    }

    private static func load(
        _ name: Character, _ milliseconds: Int64, morsels: Int, _ priority: WorkPriority = .query
    ) -> Load {
        Load(name: name, share: WorkShare(priority), milliseconds: milliseconds, morsels: morsels)
    }

    @Test func sharesTakeTurnsByTheTimeTheyHad() {
        let even = Self.order([Self.load("a", 10, morsels: 4), Self.load("b", 10, morsels: 4)])
        #expect(even == "abababab")
        // Five short morsels for each long one.
        let uneven = Self.order([Self.load("a", 50, morsels: 3), Self.load("b", 10, morsels: 15)])
        #expect(uneven == "abbbbbabbbbbabbbbb")
    }

    @Test func aSmallQueryPassesByLargeOnes() {
        let order = Self.order(
            [Self.load("a", 20, morsels: 30), Self.load("b", 20, morsels: 30)],
            arrivals: [20: [Self.load("s", 1, morsels: 3)]])
        let small = order.enumerated().filter { $0.element == "s" }.map(\.offset)
        #expect(small == [22, 23, 24], "\(order)")
    }

    @Test func whoWasAwayGetsNoArrears() {
        let late = Self.load("c", 10, morsels: 10)
        let order = Self.order(
            [Self.load("a", 10, morsels: 30), Self.load("b", 10, morsels: 30)], arrivals: [30: [late]])
        // From then on a third each, not ten in a row.
        #expect(order.dropFirst(31).prefix(12).count { $0 == "c" } == 4, "\(order)")
    }

    @Test func oneShareKeepsItsOrder() {
        var queue = MorselQueue<Int>()
        let share = WorkShare(.pipeline)
        for number in 0..<3000 { queue.add(number, share) }
        #expect(queue.waiting(.pipeline) == 3000 && queue.waiting(.query) == 0)
        let taken = (0..<3000).map { _ in queue.take()?.job }
        #expect(taken == (0..<3000).map { $0 })
        let rest = queue.take()?.job
        #expect(rest == nil && queue.waiting(.pipeline) == 0)
    }

    @Test func prioritiesShareTurnsElevenToFourToOne() {
        let order = Self.order([
            Self.load("q", 1, morsels: 100), Self.load("p", 1, morsels: 100, .pipeline),
            Self.load("m", 1, morsels: 100, .maintenance),
        ])
        for start in stride(from: 0, to: 80, by: 16) {
            let turns = order.dropFirst(start).prefix(16)
            #expect(turns.count { $0 == "q" } == 11 && turns.count { $0 == "p" } == 4, "\(turns)")
        }
    }
}
