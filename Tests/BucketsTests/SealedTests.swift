import Blobs
import Effects
import JSONText
import Scheduling
import TestKit
import Testing

@testable import Buckets

/// Objects that are durable and unseen: over restarts, ages, power cuts and a lost journal.
@Suite("Sealed objects")
struct SealedTests {
    private let ioPool = IOPool(name: "test-io", threads: 2)

    private func open(_ disk: SimulatedDisk, clock: ManualClock = ManualClock()) async throws -> BucketStore {
        try await BucketStore.open(directory: "/objects", ioPool: ioPool, clock: clock, disk: disk)
    }

    private func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }

    private func seal(_ store: BucketStore, _ key: String, _ bytes: [UInt8]) async throws -> SealedBlob {
        let upload = try await store.startUpload(path(key))
        try await upload.append(bytes)
        return try await upload.seal()
    }

    @Test("are published after a restart, where their bytes lie")
    func restart() async throws {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        let sealed = try await seal(store, "a", [1, 2, 3])
        store.close()
        let files = disk.names.filter { $0.contains("/data/") }
        let again = try await open(disk)
        _ = try await again.publish(sealed)
        #expect(try await again.read(path("a")) == [1, 2, 3])
        #expect(disk.names.filter { $0.contains("/data/") } == files && files.count == 1)
        again.close()
        let last = try await open(disk)
        #expect(try await last.read(path("a")) == [1, 2, 3])
        #expect(try await last.publish(sealed).size == 3)
        last.close()
    }

    @Test("go neither by age nor by rules, and clients neither see nor end them")
    func hidden() async throws {
        let clock = ManualClock()
        let store = try await open(SimulatedDisk(), clock: clock)
        _ = try await store.createBucket("lake")
        let sealed = try await seal(store, "a", [1])
        try await store.set(
            .lifecycle, of: "lake",
            to: [
                "rules": [
                    [
                        "id": "old", "enabled": true, "conditions": ["prefix": ""],
                        "abortMultipartUploadsTransition": ["condition": ["type": "Age", "maxAge": 86_400]],
                    ]
                ]
            ])
        clock.advance(microseconds: 30 * 86_400 * 1_000_000)
        try await store.abortExpiredUploads()
        #expect(try await store.applyLifecycle().uploads == 0)
        #expect(try store.listUploads(bucket: "lake", prefix: "").isEmpty)
        let hidden = await #expect(throws: BucketsError.self) {
            try await store.abortMultipart(path("a"), upload: sealed.receipt)
        }
        #expect(hidden?.code == .uploadNotFound)
        let kept = await #expect(throws: BucketsError.self) { try await store.deleteBucket("lake") }
        #expect(kept?.code == .bucketNotEmpty)
        _ = try await store.publish(sealed)
        #expect(try await store.read(path("a")) == [1])
        store.close()
    }

    @Test("that nobody has written down go at the next start, with their bytes")
    func leftovers() async throws {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        let kept = try await seal(store, "kept", [1])
        let lost = try await seal(store, "lost", [2])
        let part = try await store.startMultipart(path("client"), metadata: ObjectMetadata())
        store.close()
        let again = try await open(disk)
        try await again.discardSealed(except: [kept.receipt])
        #expect(try again.listUploads(bucket: "lake", prefix: "").map(\.id) == [part])
        _ = try await again.publish(kept)
        let gone = await #expect(throws: BlobsError.self) { try await again.publish(lost) }
        #expect(gone?.code == .uploadGone)
        again.close()
        #expect(disk.names.count { $0.contains("/data/") } == 1)
    }

    @Test("come back without any journal: their files say what they are")
    func rebuild() async throws {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        let shown = try await seal(store, "shown", [1])
        _ = try await store.publish(shown)
        let promised = try await seal(store, "promised", [2])
        store.close()
        for name in disk.names where name.contains("/journal/") { try disk.remove(name) }
        var rebuild = BucketRebuild(directory: "/objects", disk: disk)
        _ = try rebuild.run()
        let again = try await open(disk)
        for (blob, bytes) in [(shown, [UInt8(1)]), (promised, [2])] {
            #expect(try await again.publish(blob).size == 1)
            #expect(try await again.read(blob.path) == bytes)
        }
        again.close()
    }

    @Test("over power cuts what was sealed can be published, and nobody sees it before", arguments: 0..<150)
    func powerCuts(seed: UInt64) async throws {
        struct Known {
            var blob: SealedBlob
            var bytes: [UInt8]
            var isAsked = false
        }
        var generator = SeededGenerator(seed: seed)
        var disk = SimulatedDisk()
        var known: [Known] = []
        for round in 0..<3 {
            let store = try await open(disk)
            if store.listBuckets().isEmpty { _ = try await store.createBucket("lake") }
            try await check(store, known.map { ($0.blob, $0.bytes, $0.isAsked) })
            for index in known.indices { known[index].isAsked = true }
            disk.cut(afterOperations: Int(generator.next() % 70))
            for step in 0..<12 {
                let key = "\(round)/\(step)"
                let bytes = [UInt8](repeating: UInt8(step), count: step % 3 == 0 ? 70_000 : 10 + step)
                do { known.append(Known(blob: try await seal(store, key, bytes), bytes: bytes)) } catch {
                    // What was not sealed is nobody's.
                    continue
                }
                guard generator.next() % 2 == 0 else { continue }
                known[known.count - 1].isAsked = true
                // Perhaps it is published, perhaps not: asking again must find out.
                _ = try? await store.publish(known[known.count - 1].blob)
            }
            store.close()
            disk = disk.afterPowerCut(seed: generator.next())
        }
        let store = try await open(disk)
        try await check(store, known.map { ($0.blob, $0.bytes, $0.isAsked) })
        store.close()
    }

    private func check(_ store: BucketStore, _ known: [(SealedBlob, [UInt8], isAsked: Bool)]) async throws {
        for (blob, bytes, isAsked) in known {
            if !isAsked {
                await #expect(throws: BlobsError.self) { try await store.head(blob.path) }
            }
            #expect(try await store.publish(blob).size == Int64(bytes.count))
            #expect(try await store.read(blob.path) == bytes)
        }
    }
}
