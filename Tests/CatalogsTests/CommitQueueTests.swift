import Synchronization
import Testing

@testable import Catalogs

@Suite("CommitQueue")
struct CommitQueueTests {
    /// Counts who is inside at once.
    private final class Room: Sendable {
        private let state = Mutex((inside: 0, most: 0))
        func enter() { state.withLock { $0 = ($0.inside + 1, max($0.most, $0.inside + 1)) } }
        func leave() { state.withLock { $0.inside -= 1 } }
        var most: Int { state.withLock { $0.most } }
    }

    @Test("one at a time holds a key, and holders of several keys never block each other for ever")
    func excludes() async throws {
        let queue = CommitQueue()
        let rooms = ["a": Room(), "b": Room(), "c": Room()]
        let sets: [Set<String>] = [["a", "b"], ["b", "c"], ["c", "a"], ["a"], ["a", "b", "c"]]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for turn in 0..<200 {
                let keys = sets[turn % sets.count]
                group.addTask {
                    try await queue.holding(keys) {
                        for key in keys { rooms[key]?.enter() }
                        await Task.yield()
                        for key in keys { rooms[key]?.leave() }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(rooms.values.allSatisfy { $0.most == 1 })
    }

    @Test("a key is free again after its holder threw")
    func releasesAfterError() async throws {
        struct Failed: Error {}
        let queue = CommitQueue()
        await #expect(throws: Failed.self) { try await queue.holding(["a", "b"]) { throw Failed() } }
        #expect(try await queue.holding(["b", "a"]) { true })
    }

    @Test("who comes when the line is full is refused")
    func bounded() async throws {
        let queue = CommitQueue(limit: 0)
        try await queue.holding(["a"]) {
            let error = await #expect(throws: CatalogError.self) { try await queue.holding(["a"]) {} }
            #expect(error?.code == .commitContended)
            try await queue.holding(["b"]) {}
        }
    }
}
