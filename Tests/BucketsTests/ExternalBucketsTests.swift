import Blobs
import Effects
import JSONText
import TestKit
import Testing

@testable import Buckets

@Suite("ExternalBuckets")
struct ExternalBucketsTests {
    private func open(_ store: any BlobStore, owner: String = "me") async throws -> ExternalBuckets {
        try await ExternalBuckets.open(store, owner: owner, clock: ManualClock())
    }

    @Test("keeps the contract of every store")
    func contract() async throws {
        let buckets = try await open(MemoryBlobStore())
        _ = try await buckets.createBucket("lake")
        try await checkBlobStore(buckets, bucket: "lake")
    }

    @Test("buckets and their settings are there again after a restart")
    func restart() async throws {
        let store = MemoryBlobStore()
        let buckets = try await open(store)
        let made = try await buckets.createBucket("lake")
        _ = try await buckets.createBucket("sea")
        try await buckets.set(.isPublic, of: "lake", to: true)
        try await buckets.set(.storageClass, of: "lake", to: "InfrequentAccess")
        let again = try await open(store)
        #expect(again.listBuckets().map(\.name) == ["lake", "sea"])
        #expect(try again.bucketInfo("lake").created == made.created)
        #expect(try again.settings(ofBucket: "lake").isPublic)
        #expect(try again.settings(ofBucket: "lake").storageClass == "InfrequentAccess")
        #expect(try !again.settings(ofBucket: "sea").isPublic)
    }

    @Test("a bucket exists once, and goes only when it is empty")
    func buckets() async throws {
        let buckets = try await open(MemoryBlobStore())
        _ = try await buckets.createBucket("lake")
        let exists = await #expect(throws: BucketsError.self) { try await buckets.createBucket("lake") }
        #expect(exists?.code == .bucketExists)
        let bad = await #expect(throws: BucketsError.self) { try await buckets.createBucket(".firn") }
        #expect(bad?.code == .bucketNameInvalid)
        let path = BlobPath(bucket: "lake", key: "x")
        _ = try await buckets.put(path, [1], if: .always)
        let full = await #expect(throws: BucketsError.self) { try await buckets.deleteBucket("lake") }
        #expect(full?.code == .bucketNotEmpty)
        #expect(try await buckets.read(path) == [1])
        try await buckets.delete([path])
        try await buckets.deleteBucket("lake")
        let gone = await #expect(throws: BlobsError.self) { try await buckets.put(path, [1], if: .always) }
        #expect(gone?.code == .bucketNotFound)
    }

    @Test("a store belongs to one owner")
    func owners() async throws {
        let store = MemoryBlobStore()
        _ = try await open(store)
        _ = try await open(store)
        let error = await #expect(throws: BucketsError.self) { try await open(store, owner: "other") }
        #expect(error?.code == .storeOwned)
    }

    @Test("what another node makes, changes and deletes is seen after a refresh")
    func refreshes() async throws {
        let store = MemoryBlobStore()
        let (here, there) = (try await open(store), try await open(store))
        _ = try await there.createBucket("lake")
        _ = try await there.createBucket("sea")
        #expect(here.listBuckets().isEmpty)
        try await here.refresh()
        #expect(here.listBuckets().map(\.name) == ["lake", "sea"])
        try await there.set(.isPublic, of: "lake", to: true)
        try await there.deleteBucket("sea")
        try await here.refresh()
        #expect(here.listBuckets().map(\.name) == ["lake"])
        #expect(try here.settings(ofBucket: "lake").isPublic)
        // One that takes part in the sharing need not wait to use a new one.
        let third = try await ExternalBuckets.open(store, owner: "me", clock: ManualClock(), isShared: true)
        _ = try await there.createBucket("pond")
        _ = try await third.put(BlobPath(bucket: "pond", key: "x"), [1], if: .ifAbsent)
        await #expect(throws: BlobsError.self) {
            try await third.list(bucket: "nowhere", prefix: "", after: nil, limit: 1)
        }
        try await here.refresh()
        // Its own changes stand on what the other did.
        try await here.set(.isPublic, of: "lake", to: false)
        try await there.refresh()
        #expect(try !there.settings(ofBucket: "lake").isPublic)
    }

    @Test("what a lost answer left behind is found by the next change")
    func lostAnswers() async throws {
        let store = FailingBlobStore(MemoryBlobStore())
        let buckets = try await open(store)
        store.failNext(.put, afterEffect: true)
        await #expect(throws: BlobsError.self) { try await buckets.createBucket("lake") }
        let exists = await #expect(throws: BucketsError.self) { try await buckets.createBucket("lake") }
        #expect(exists?.code == .bucketExists)
        store.failNext(.put, afterEffect: true)
        await #expect(throws: BlobsError.self) { try await buckets.set(.isPublic, of: "lake", to: true) }
        let raced = await #expect(throws: BucketsError.self) {
            try await buckets.set(.storageClass, of: "lake", to: "Standard")
        }
        #expect(raced?.code == .settingRaced)
        #expect(try buckets.settings(ofBucket: "lake").isPublic)
        try await buckets.set(.isPublic, of: "lake", to: nil)
        #expect(try await open(store).settings(ofBucket: "lake").isPublic == false)
    }

    @Test("rules that the store behind would have to carry out are refused")
    func rules() async throws {
        let buckets = try await open(MemoryBlobStore())
        _ = try await buckets.createBucket("lake")
        for setting in [BucketSettings.Name.lock, .lifecycle] {
            let error = await #expect(throws: BucketsError.self) {
                try await buckets.set(setting, of: "lake", to: ["rules": []])
            }
            #expect(error?.code == .settingUnsupported)
            try await buckets.set(setting, of: "lake", to: nil)
        }
    }

    @Test(
        "documents that are damaged, or newer, are an error",
        arguments: [
            ("store.json", "{", BucketsError.Code.storeDocumentDamaged),
            ("store.json", "{\"format\":\"firn store\",\"version\":2,\"owner\":\"me\"}", .versionTooNew),
            ("buckets/lake.json", "[]", .storeDocumentDamaged),
            (
                "buckets/lake.json",
                "{\"format\":\"firn bucket\",\"version\":1,\"name\":\"sea\",\"created\":\"2026-01-01T00:00:00Z\"}",
                .storeDocumentDamaged
            ),
        ])
    func damage(key: String, text: String, code: BucketsError.Code) async throws {
        let store = MemoryBlobStore()
        let path = BlobPath(bucket: ExternalBuckets.ownBucket, key: key)
        _ = try await store.put(path, Array(text.utf8), if: .always)
        let error = await #expect(throws: BucketsError.self) { try await open(store) }
        #expect(error?.code == code)
    }
}
