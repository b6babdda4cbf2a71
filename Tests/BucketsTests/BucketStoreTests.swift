import Blobs
import Buckets
import Scheduling
import TestKit
import Testing

@Suite("BucketStore")
struct BucketStoreTests {
    let directory: TemporaryDirectory
    let ioPool = IOPool(name: "test-io", threads: 4)

    init() throws { directory = try TemporaryDirectory() }

    func open(limits: StoreLimits = StoreLimits()) async throws -> BucketStore {
        try await BucketStore.open(directory: directory.path + "/objects", ioPool: ioPool, limits: limits)
    }

    @Test("keeps the contract of blob stores")
    func contract() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        try await checkBlobStore(store, bucket: "lake")
    }
}
