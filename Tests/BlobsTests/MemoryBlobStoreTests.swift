import Blobs
import Effects
import TestKit
import Testing

@Suite("Blob stores without a disk")
struct MemoryBlobStoreTests {
    @Test("the memory store keeps the contract")
    func memory() async throws { try await checkBlobStore(MemoryBlobStore(), bucket: "lake") }

    @Test("a failing store that does not fail keeps the contract")
    func passing() async throws {
        try await checkBlobStore(FailingBlobStore(MemoryBlobStore()), bucket: "lake")
    }

    @Test("with named buckets, others do not exist")
    func buckets() async throws {
        let store = MemoryBlobStore(buckets: ["lake"])
        _ = try await store.put(BlobPath(bucket: "lake", key: "a"), [1], if: .always)
        let error = await #expect(throws: BlobsError.self) {
            try await store.put(BlobPath(bucket: "sea", key: "a"), [1], if: .always)
        }
        #expect(error?.code == .bucketNotFound)
    }

    @Test("an ordered failure strikes before or after the effect")
    func ordered() async throws {
        let store = FailingBlobStore(MemoryBlobStore())
        let path = BlobPath(bucket: "lake", key: "a")
        store.failNext(.put)
        store.failNext(.put, afterEffect: true)
        await #expect(throws: BlobsError.self) { try await store.put(path, [1], if: .always) }
        await #expect(throws: BlobsError.self) { try await store.head(path) }
        await #expect(throws: BlobsError.self) { try await store.put(path, [2], if: .always) }
        #expect(try await store.read(path) == [2])
        #expect(store.failureCount == 2)
    }

    @Test("drawn failures replay from their seed", arguments: [1, 2, 3] as [UInt64])
    func drawn(seed: UInt64) async throws {
        func run() async -> [Bool] {
            let store = FailingBlobStore(MemoryBlobStore(), seed: seed, perMille: 300, operations: [.put])
            var outcomes: [Bool] = []
            for index in 0..<200 {
                do {
                    _ = try await store.put(BlobPath(bucket: "lake", key: "\(index)"), [], if: .always)
                    outcomes.append(true)
                } catch { outcomes.append(false) }
            }
            return outcomes
        }
        let first = await run()
        #expect(await run() == first)
        #expect((30...90).contains(first.count { !$0 }))
    }
}
