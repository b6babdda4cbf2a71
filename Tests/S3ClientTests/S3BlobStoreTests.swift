import Blobs
import Effects
import Octets
import Signing
import Synchronization
import TestKit
import Testing

@testable import S3Client

@Suite("S3BlobStore")
struct S3BlobStoreTests {
    @Test("keeps the contract of every store, but for versions that are gone")
    func contract() async throws {
        let world = try S3World { $0.partBytes = 100_000 }
        try await checkBlobStore(world.store, bucket: "lake", promises: .external)
    }

    @Test("keeps it while requests are refused and connections fail", arguments: 0..<2)
    func contractUnderDefiniteFaults(seed: Int) async throws {
        let world = try S3World(
            seed: UInt64(seed), perMille: 60, faults: [.notConnected, .slowDown]
        ) { $0.partBytes = 100_000 }
        try await checkBlobStore(world.store, bucket: "lake", promises: .external)
        #expect(world.server.failureCount > 0)
    }

    @Test("an object lies under the prefix and the bucket's name, byte by byte")
    func keys() async throws {
        let world = try S3World()
        for key in ["a", "a/../b", "a//b", "/", "e\u{301}", "a b+c%2F", "\u{301}x"] {
            _ = try await world.store.put(world.path(key), Array(key.utf8), if: .always)
            #expect(world.server.object("base/lake/" + key)?.bytes == Array(key.utf8), "\(key)")
        }
        let listed = try await world.store.list(bucket: "lake", prefix: "", after: nil, limit: 100)
        #expect(listed.entries.count == 7 && listed.entries.contains { $0.key == "\u{301}x" })
        let long = String(repeating: "k", count: 1024)
        let error = await #expect(throws: BlobsError.self) { try await world.store.head(world.path(long)) }
        #expect(error?.code == .invalidName)
    }

    @Test("a put whose answer is lost is found again, whatever its condition")
    func lostAnswers() async throws {
        for fault in [SimulatedS3.Fault.resetAfter, .errorAfter] {
            let world = try S3World()
            world.server.failNext(fault)
            let first = try await world.store.put(world.path("x"), [1], if: .ifAbsent)
            world.server.failNext(fault)
            let second = try await world.store.put(world.path("x"), [2], if: .ifMatch(etag: first.etag))
            #expect(world.server.object("base/lake/x")?.etag == second.etag)
            world.server.failNext(fault)
            _ = try await world.store.put(world.path("x"), [3], if: .always)
            #expect(try await world.store.read(world.path("x")) == [3])
        }
    }

    @Test("a put that may or may not have happened says so, and one that did not says that")
    func unresolved() async throws {
        let world = try S3World { $0.attempts = 2 }
        // Ours was lost for good, and another's came in between.
        world.server.failNext(.resetBefore)
        _ = try await world.store.put(world.path("x"), [1], if: .ifAbsent)
        world.server.failNext(.resetBefore)
        let unknown = await #expect(throws: BlobsError.self) {
            try await world.store.put(world.path("x"), [2], if: .ifAbsent)
        }
        #expect(unknown?.code == .writeUnresolved)
        let refused = await #expect(throws: BlobsError.self) {
            try await world.store.put(world.path("x"), [2], if: .ifAbsent)
        }
        #expect(refused?.code == .conditionFailed)
        world.server.failNext(.notConnected, .slowDown)
        let unavailable = await #expect(throws: BlobsError.self) {
            try await world.store.put(world.path("x"), [2], if: .always)
        }
        #expect(unavailable?.code == .unavailable)
        #expect(try await world.store.read(world.path("x")) == [1])
    }

    @Test("an upload whose completion is lost is found again; one that fails leaves no parts")
    func uploads() async throws {
        let bytes = (0..<10_500).map { UInt8(truncatingIfNeeded: $0) }
        let world = try S3World()
        let upload = try await world.store.startUpload(world.path("x"))
        try await upload.append(bytes)
        // Two parts and a rest are still to be sent, then comes the completion.
        world.server.failNext(nil, nil, nil, .resetAfter)
        let info = try await upload.complete(if: .ifAbsent)
        #expect(info.size == 10_500 && world.server.failureCount == 1)
        #expect(try await world.store.read(world.path("x")) == bytes)
        let loser = try await world.store.startUpload(world.path("x"))
        try await loser.append(bytes)
        #expect(world.server.state.withLock { $0.uploads.count } == 1)
        await #expect(throws: BlobsError.self) { try await loser.complete(if: .ifAbsent) }
        #expect(world.server.state.withLock { $0.uploads.isEmpty })
    }

    @Test("uploads of writers that are gone are aborted by age")
    func oldUploads() async throws {
        let world = try S3World()
        let gone = try await world.store.startUpload(world.path("gone"))
        try await gone.append([UInt8](repeating: 1, count: 5000))
        world.clock.advance(microseconds: 10_000_000)
        let limit = world.clock.now
        world.clock.advance(microseconds: 10_000_000)
        let young = try await world.store.startUpload(world.path("young"))
        try await young.append([UInt8](repeating: 1, count: 5000))
        #expect(try await world.store.abortOldUploads(before: limit) == 1)
        #expect(try await young.complete(if: .always).size == 5000)
        let error = await #expect(throws: BlobsError.self) { try await gone.complete(if: .always) }
        #expect(error?.code == .uploadGone)
    }

    @Test("a read of many ranges asks for few, and never for another version")
    func reads() async throws {
        let world = try S3World()
        let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        _ = try await world.store.put(world.path("x"), Array(bytes[..<3000]), if: .always)
        let upload = try await world.store.startUpload(world.path("x"))
        try await upload.append(bytes)
        _ = try await upload.complete(if: .always)
        let reader = try await world.store.open(world.path("x"))
        let before = world.server.requestCount
        let ranges: [Range<Int64>] = [10..<20, 100..<300, 0..<0, 15..<40, 9000..<9100, 19_999..<20_000]
        let answers = try await reader.read(ranges)
        for (range, answer) in zip(ranges, answers) {
            #expect(answer == Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
        #expect(world.server.requestCount - before == 3)
        #expect(try await reader.read([0..<20_000])[0] == bytes)
        _ = try await world.store.put(world.path("x"), [1], if: .always)
        let error = await #expect(throws: BlobsError.self) { try await reader.read([0..<10]) }
        #expect(error?.code == .versionGone)
    }

    @Test("bytes that are not what was stored are an error")
    func corruption() async throws {
        let world = try S3World()
        _ = try await world.store.put(world.path("x"), [1, 2, 3], if: .always)
        world.server.state.withLock { $0.objects[ObjectKey("base/lake/x")]?.bytes = [1, 2, 4] }
        let error = await #expect(throws: BlobsError.self) { try await world.store.read(world.path("x")) }
        #expect(error?.code == .corrupt)
    }

    @Test("an object that looks like an error is an object")
    func errorObject() async throws {
        let world = try S3World()
        let text = Array("<Error><Code>InternalError</Code></Error>".utf8)
        _ = try await world.store.put(world.path("x"), text, if: .always)
        #expect(try await world.store.read(world.path("x")) == text)
    }

    @Test("a store without conditions is found out")
    func probe() async throws {
        try await S3World().store.probe(bucket: ".firn")
        let error = await #expect(throws: BlobsError.self) {
            try await S3World(knowsConditions: false).store.probe(bucket: ".firn")
        }
        #expect(error?.code == .conditionsUnsupported)
    }

    @Test("keys that were replaced are read again, also when an answer has no body to ask for that")
    func rotatedKeys() async throws {
        for asksForHead in [true, false] {
            let world = try S3World(keys: SimulatedS3.RotatedKeys())
            if asksForHead {
                let error = await #expect(throws: BlobsError.self) {
                    try await world.store.head(world.path("x"))
                }
                #expect(error?.code == .notFound)
            } else {
                _ = try await world.store.put(world.path("x"), [1], if: .always)
            }
            #expect(world.server.requestCount == 1)
        }
    }

    @Test("keys that another call has read again are taken by those that were under way")
    func rotatedKeysAtOnce() async throws {
        let world = try S3World(keys: SimulatedS3.RotatedKeys())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<32 {
                group.addTask { _ = try await world.store.put(world.path("\(index)"), [1], if: .always) }
            }
            try await group.waitForAll()
        }
    }

    @Test("a store in trouble is asked less and less")
    func budget() async throws {
        let world = try S3World(perMille: 1000, faults: [.slowDown])
        for index in 0..<40 {
            await #expect(throws: BlobsError.self) { try await world.store.head(world.path("\(index)")) }
        }
        // 100 retries are paid for; the rest of the calls make one request each.
        #expect(world.server.requestCount == 140)
    }
}
