import Blobs
import Effects
import Octets
import Scheduling
import Signing
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Buckets

@Suite("BucketStore")
struct BucketStoreTests {
    let directory: TemporaryDirectory
    let ioPool = IOPool(name: "test-io", threads: 4)

    init() throws { directory = try TemporaryDirectory() }

    func open(
        limits: StoreLimits = StoreLimits(), metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> BucketStore {
        try await BucketStore.open(
            directory: directory.path + "/objects", ioPool: ioPool, metrics: metrics, limits: limits)
    }

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }

    @Test("keeps the contract of blob stores, also with small limits")
    func contract() async throws {
        var small = StoreLimits()
        small.inlineBytes = 100
        small.segmentBytes = 20_000
        small.groupBytes = 5000
        small.directoryFiles = 3
        for limits in [StoreLimits(), small] {
            let store = try await open(limits: limits)
            _ = try await store.createBucket("lake")
            try await checkBlobStore(store, bucket: "lake")
            for entry in try await store.list(bucket: "lake", prefix: "", after: nil, limit: 10_000).entries {
                try await store.delete([path(entry.key)])
            }
            try await store.deleteBucket("lake")
            store.close()
        }
    }

    @Test("everything is there after a restart, in segments and in files")
    func restart() async throws {
        var expected: [String: [UInt8]] = [:]
        for round in 0..<3 {
            let store = try await open()
            if round == 0 { _ = try await store.createBucket("lake") }
            for (key, bytes) in expected { #expect(try await store.read(path(key)) == bytes) }
            #expect(try store.bucketInfo("lake").objectCount == expected.count)
            for size in [0, 1000, 65_536, 65_537, 300_000] {
                let bytes = [UInt8](repeating: UInt8(round), count: size)
                _ = try await store.put(path("\(round)/\(size)"), bytes, if: .ifAbsent)
                expected["\(round)/\(size)"] = bytes
            }
            try await store.delete([path("0/1000"), path("0/65537")])
            expected["0/1000"] = nil
            expected["0/65537"] = nil
            #expect(
                try store.bucketInfo("lake").byteCount == Int64(expected.values.reduce(0) { $0 + $1.count }))
            store.close()
        }
    }

    @Test("buckets are created once, listed by name, and deleted when empty")
    func buckets() async throws {
        let store = try await open()
        for name in ["b-2", "a-1"] { _ = try await store.createBucket(name) }
        #expect(store.listBuckets().map(\.name) == ["a-1", "b-2"])
        await expect(.bucketExists) { _ = try await store.createBucket("a-1") }
        _ = try await store.put(BlobPath(bucket: "a-1", key: "k"), [1], if: .always)
        await expect(.bucketNotEmpty) { try await store.deleteBucket("a-1") }
        for name in ["", "ab", "-ab", "ab-", "aB1", "a_b", "a.b", String(repeating: "a", count: 64)] {
            await expect(.bucketNameInvalid) { _ = try await store.createBucket(name) }
        }
        try await store.delete([BlobPath(bucket: "a-1", key: "k")])
        let upload = try await store.startMultipart(
            BlobPath(bucket: "a-1", key: "m"), metadata: ObjectMetadata())
        #expect(try store.listUploads(bucket: "a-1", prefix: "").map(\.id) == [upload])
        try await store.deleteBucket("a-1")
        #expect(store.listBuckets().map(\.name) == ["b-2"])
        #expect(store.journal.index.uploads.isEmpty && store.journal.index.partBytes == 0)
    }

    @Test("a bucket that may not be deleted keeps its unfinished uploads")
    func refusedDeletion() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("k"), [1], if: .always)
        let upload = try await store.startMultipart(path("m"), metadata: ObjectMetadata())
        let part = try store.startPart(path("m"), upload: upload, number: 1)
        try await part.append([7, 8])
        let etag = try await part.complete().etag
        await expect(.bucketNotEmpty) { try await store.deleteBucket("lake") }
        _ = try await store.completeMultipart(path("m"), upload: upload, parts: [(1, etag)], if: .always)
        #expect(try await store.read(path("m")) == [7, 8])
    }

    @Test("parts in any order become one object; what does not fit is refused")
    func multipart() async throws {
        var limits = StoreLimits()
        limits.partBytes = 10
        let store = try await open(limits: limits)
        _ = try await store.createBucket("lake")
        let id = try await store.startMultipart(
            path("m"), metadata: ObjectMetadata([ObjectMetadata.Field("content-type", "x/y")]))
        var etags: [Int: String] = [:]
        for (number, size) in [(7, 5), (2, 100_000), (4, 9)] {
            let part = try store.startPart(path("m"), upload: id, number: number)
            try await part.append([UInt8](repeating: UInt8(number), count: size))
            let info = try await part.complete()
            #expect(info.etag == Hex.encode(MD5.hash([UInt8](repeating: UInt8(number), count: size))))
            etags[number] = info.etag
        }
        func complete(_ numbers: [Int], etag: String? = nil) async throws -> BlobInfo {
            try await store.completeMultipart(
                path("m"), upload: id, parts: numbers.map { ($0, etag ?? etags[$0] ?? "") }, if: .ifAbsent
            )
            .info
        }
        await expect(.partOrderInvalid) { _ = try await complete([7, 2]) }
        await expect(.partOrderInvalid) { _ = try await complete([2, 2]) }
        await expect(.partInvalid) { _ = try await complete([2, 3]) }
        await expect(.partInvalid) { _ = try await complete([2], etag: "x") }
        await expect(.partInvalid) { _ = try await complete([]) }
        await expect(.partTooSmall) { _ = try await complete([2, 4, 7]) }
        await expect(.partInvalid) { _ = try store.startPart(path("m"), upload: id, number: 0) }
        await expect(.uploadNotFound) { _ = try store.startPart(path("other"), upload: id, number: 1) }
        #expect(try store.listParts(path("m"), upload: id).parts.map(\.number) == [2, 4, 7])
        let info = try await complete([2, 7])
        #expect(info.etag.hasSuffix("-2") && info.size == 100_005)
        let expected = [UInt8](repeating: 2, count: 100_000) + [UInt8](repeating: 7, count: 5)
        #expect(try await store.read(path("m")) == expected)
        #expect(try store.objectFacts(path("m")).metadata["content-type"] == "x/y")
        await expect(.uploadNotFound) { try await store.abortMultipart(path("m"), upload: id) }
    }

    @Test("an upload nobody completes is aborted a week later, with its parts")
    func expiry() async throws {
        let clock = ManualClock()
        let disk = SimulatedDisk()
        func open() async throws -> BucketStore {
            try await BucketStore.open(directory: "/objects", ioPool: ioPool, clock: clock, disk: disk)
        }
        let store = try await open()
        _ = try await store.createBucket("lake")
        let id = try await store.startMultipart(path("old"), metadata: ObjectMetadata())
        let part = try store.startPart(path("old"), upload: id, number: 1)
        try await part.append([1, 2, 3])
        _ = try await part.complete()
        clock.advance(microseconds: 6 * 86_400 * 1_000_000)
        let young = try await store.startMultipart(path("young"), metadata: ObjectMetadata())
        #expect(try store.listUploads(bucket: "lake", prefix: "").map(\.id) == [id, young])
        clock.advance(microseconds: 2 * 86_400 * 1_000_000)
        let next = try await store.startMultipart(path("z"), metadata: ObjectMetadata())
        #expect(try store.listUploads(bucket: "lake", prefix: "").map(\.id) == [young, next])
        clock.advance(microseconds: 30 * 86_400 * 1_000_000)
        store.close()
        let again = try await open()
        #expect(try again.listUploads(bucket: "lake", prefix: "").isEmpty)
        #expect(!disk.names.contains { $0.contains("/data/") })
        again.close()
    }

    @Test("unfinished uploads are bounded in number, parts and bytes, and completing or aborting makes room")
    func unfinishedBounds() async throws {
        var limits = StoreLimits()
        limits.unfinishedUploads = 2
        limits.unfinishedParts = 3
        limits.unfinishedBytes = 1000
        limits.partBytes = 1
        let metrics = MetricsRegistry()
        var store = try await open(limits: limits, metrics: metrics)
        _ = try await store.createBucket("lake")
        let first = try await store.startMultipart(path("a"), metadata: ObjectMetadata())
        _ = try await store.startMultipart(path("b"), metadata: ObjectMetadata())
        await #expect(throws: BucketsError.self) {
            try await store.startMultipart(path("c"), metadata: ObjectMetadata())
        }
        func put(_ number: Int, _ count: Int) async throws -> BlobInfo {
            let part = try store.startPart(path("a"), upload: first, number: number)
            try await part.append([UInt8](repeating: 1, count: count))
            return try await part.complete()
        }
        _ = try await put(1, 600)
        await #expect { try await put(2, 401) } throws: { ($0 as? BucketsError)?.code == .uploadsExhausted }
        // The same number again replaces the bytes it had.
        let etag = try await put(1, 900).etag
        _ = try await put(2, 50)
        _ = try await put(3, 50)
        await #expect { try await put(4, 0) } throws: { ($0 as? BucketsError)?.code == .uploadsExhausted }
        #expect(metrics.exposition.contains("firn_store_unfinished_uploads 2"))
        #expect(metrics.exposition.contains("firn_store_unfinished_bytes 1000"))
        store.close()
        store = try await open(limits: limits)
        await #expect { try await put(4, 0) } throws: { ($0 as? BucketsError)?.code == .uploadsExhausted }
        _ = try await store.completeMultipart(path("a"), upload: first, parts: [(1, etag)], if: .always)
        _ = try await store.startMultipart(path("c"), metadata: ObjectMetadata())
        #expect(try await store.read(path("a")).count == 900)
        store.close()
    }

    @Test("blocks of an upload are hashed and written in order, however they are cut")
    func blocks() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        let whole = (0..<5_000_003).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ ($0 >> 11)) }
        for size in [1000, 700_000, 1 << 20, 3_000_000, whole.count] {
            let upload = try store.startObject(path("x"), hashesMD5: true)
            for start in stride(from: 0, to: whole.count, by: size) {
                try await upload.append(Array(whole[start..<min(start + size, whole.count)]))
            }
            let info = try await upload.complete(if: .always)
            #expect(info.etag == Hex.encode(MD5.hash(whole)))
            #expect(try await store.read(path("x")) == whole)
        }
        #expect(store.dataFiles.staged.load(ordering: .relaxed) == 0)
        store.close()
    }

    @Test("files stay open between reads, as many as the bound allows, and none that was removed")
    func openFiles() async throws {
        let metrics = MetricsRegistry()
        var limits = StoreLimits()
        limits.openFiles = 2
        let store = try await open(limits: limits, metrics: metrics)
        _ = try await store.createBucket("lake")
        let gauge = metrics.gauge("firn_store_open_files", help: "")
        for index in 0..<3 {
            _ = try await store.put(
                path("\(index)"), [UInt8](repeating: UInt8(index), count: 100_000), if: .always)
        }
        for index in [0, 1, 0, 2, 0] {
            #expect(try await store.read(path("\(index)")).allSatisfy { $0 == UInt8(index) })
        }
        #expect(gauge.current == 2)
        let old = try await store.openObject(path("0"))
        _ = try await store.put(path("0"), [UInt8](repeating: 9, count: 100_000), if: .always)
        #expect(try await store.read(path("0")).allSatisfy { $0 == 9 })
        // Who has the old version open still reads it; the store itself lets go of it.
        #expect(try await old.read([0..<10])[0] == [UInt8](repeating: 0, count: 10))
        try await store.delete((0..<3).map { path("\($0)") })
        #expect(try await eventually { gauge.current == 0 })
        store.close()
    }

    @Test("one sync of the journal serves many writers")
    func groups() async throws {
        let metrics = MetricsRegistry()
        let store = try await open(metrics: metrics)
        _ = try await store.createBucket("lake")
        let writers = 64
        let each = 20
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for index in 0..<each {
                        let path = BlobPath(bucket: "lake", key: "\(writer)/\(index)")
                        _ = try await store.put(path, Array("\(writer)-\(index)".utf8), if: .ifAbsent)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.bucketInfo("lake").objectCount == writers * each)
        let syncs = metrics.counter("firn_store_journal_syncs_total", help: "").current
        #expect(syncs < Int64(writers * each / 2), "\(syncs) syncs for \(writers * each) puts")
        #expect(
            metrics.counter("firn_store_journal_records_total", help: "").current == Int64(writers * each + 1)
        )
    }

    @Test("of many compare-and-swap writers each increment is kept")
    func swaps() async throws {
        let store = try await open()
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("counter"), Array("0".utf8), if: .ifAbsent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var done = 0
                    while done < 10 {
                        let reader = try await store.open(BlobPath(bucket: "lake", key: "counter"))
                        let text = String(
                            decoding: try await reader.read([0..<reader.info.size])[0], as: UTF8.self)
                        let next = Array("\((Int(text) ?? 0) + 1)".utf8)
                        do {
                            _ = try await store.put(
                                BlobPath(bucket: "lake", key: "counter"), next,
                                if: .ifMatch(etag: reader.info.etag))
                            done += 1
                        } catch let error as BlobsError where error.code == .conditionFailed {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(String(decoding: try await store.read(path("counter")), as: UTF8.self) == "80")
    }
}

/// Runs `body` and expects a `BucketsError` with this code.
func expect(
    _ code: BucketsError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await #expect(throws: BucketsError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
}
