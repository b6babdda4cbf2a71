import Blobs
import Effects
import JSONText
import Scheduling
import Telemetry
import TestKit
import Testing

@testable import Buckets

@Suite("Rebuilding the index, and finding damage in the background")
struct RebuildTests {
    let ioPool = IOPool(name: "test-io", threads: 2)
    let metrics = MetricsRegistry()
    let sizes = [0, 10, 5000, 65_536, 65_537, 300_000, 1_100_000]

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }
    func bytes(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }

    func open(_ disk: SimulatedDisk) async throws -> BucketStore {
        try await BucketStore.open(directory: "/objects", ioPool: ioPool, metrics: metrics, disk: disk)
    }

    /// One object of each size, two of them replaced, one deleted, one setting, one unfinished upload.
    func prepared() async throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        try await store.set(.isPublic, of: "lake", to: true)
        for size in sizes {
            _ = try await store.put(path("\(size)"), [1], if: .always)
            _ = try await store.put(path("\(size)"), bytes(size), if: .always)
        }
        _ = try await store.put(path("deleted"), bytes(100_000), if: .always)
        try await store.delete([path("deleted")])
        let upload = try await store.startMultipart(path("parts"), metadata: ObjectMetadata())
        let part = try store.startPart(path("parts"), upload: upload, number: 1)
        try await part.append(bytes(70_000))
        _ = try await part.complete()
        store.close()
        return disk
    }

    func rebuild(_ disk: SimulatedDisk) throws -> BucketRebuild.Report {
        var rebuild = BucketRebuild(directory: "/objects", disk: disk)
        return try rebuild.run()
    }

    @Test("an undamaged store is the same after it")
    func undamaged() async throws {
        let disk = try await prepared()
        let report = try rebuild(disk)
        #expect(report.objects == sizes.count && report.restored == 0 && report.damages == 0)
        #expect(report.lost.isEmpty && report.uploads == 1)
        let store = try await open(disk)
        for size in sizes { #expect(try await store.read(path("\(size)")) == bytes(size)) }
        await #expect(throws: BlobsError.self) { try await store.head(path("deleted")) }
        #expect(try store.settings(ofBucket: "lake").isPublic)
        _ = try await store.put(path("new"), [9], if: .ifAbsent)
        store.close()
        let again = try await open(disk)
        #expect(try await again.read(path("new")) == [9])
        again.close()
    }

    @Test("without any journal, every object with a file of its own comes back, whole")
    func noJournal() async throws {
        let disk = try await prepared()
        for name in disk.names where name.contains("/journal/") { try disk.remove(name) }
        let report = try rebuild(disk)
        let large = sizes.filter { $0 > 65_536 }
        #expect(report.objects == large.count && report.restored == large.count)
        let store = try await open(disk)
        for size in large { #expect(try await store.read(path("\(size)")) == bytes(size)) }
        store.close()
    }

    @Test("what cannot be read inside a whole frame is counted, and other frames are not lost with it")
    func unreadableRecord() async throws {
        let disk = try await prepared()
        let files = JournalFiles(disk: disk, directory: "/objects/journal")
        let last = try #require(try files.scan().segments.last)
        let file = try #require(try disk.open(files.segmentPath(last), isWritable: true))
        let scan = try #require(try JournalScan(file, kind: .segment, number: last))
        let end = try scan.run(allowsTornEnd: false) { _, _ in }
        // A frame of a kind of record that nobody knows.
        try file.write(
            JournalFrame.encode([99, 0], sequence: end.nextSequence, salt: scan.header.salt), at: end.end)
        try file.sync()
        await #expect(throws: BucketsError.self) { _ = try await open(disk) }
        let report = try rebuild(disk)
        #expect(report.damages == 1 && report.objects == sizes.count && report.uploads == 1, "\(report)")
        let store = try await open(disk)
        for size in sizes { #expect(try await store.read(path("\(size)")) == bytes(size)) }
        store.close()
    }

    @Test("a flipped byte anywhere in the journal costs at most what stood in its frame", arguments: 0..<12)
    func flipped(seed: Int) async throws {
        let disk = try await prepared()
        let segment = try #require(disk.names.first { $0.contains("segment") })
        disk.flip(segment, at: 40 + (disk.size(segment) - 41) * seed / 12)
        let report = try rebuild(disk)
        let store = try await open(disk)
        // Large ones are in footers too; of the small ones one group is lost, or an older version is seen.
        for size in sizes where size > 65_536 {
            #expect(try await store.read(path("\(size)")) == bytes(size), "\(report)")
        }
        var whole = 0
        for size in sizes where size <= 65_536 {
            do {
                let read = try await store.read(path("\(size)"))
                #expect(read == bytes(size) || read == [1])
                whole += read == bytes(size) ? 1 : 0
            } catch let error as BlobsError {
                #expect(error.code == .notFound)
            }
        }
        #expect(whole >= sizes.count { $0 <= 65_536 } - 1)
        store.close()
    }

    @Test("objects whose file is gone are told and dropped")
    func lost() async throws {
        let disk = try await prepared()
        for name in disk.names where name.contains("/data/") { try disk.remove(name) }
        let report = try rebuild(disk)
        #expect(Set(report.lost) == ["lake/65537", "lake/300000", "lake/1100000"] && report.lostCount == 3)
        let store = try await open(disk)
        #expect(try await store.read(path("5000")) == bytes(5000))
        store.close()
    }

    @Test("the background check finds each damaged object, and reads of it fail from then on")
    func scrub() async throws {
        let disk = try await prepared()
        let store = try await open(disk)
        func pass() async throws {
            var cursor: BucketStore.ScrubCursor? = BucketStore.ScrubCursor()
            var steps = 0
            while let present = cursor {
                cursor = try await store.scrub(from: present, byteLimit: 50_000)
                steps += 1
            }
            #expect(steps > 3)
        }
        try await pass()
        #expect(metrics.counter("firn_store_scrub_failures_total", help: "").current == 0)
        #expect(
            metrics.counter("firn_store_scrubbed_bytes_total", help: "").current
                == Int64(sizes.reduce(0, +)))
        let reader = try await store.openObject(path("300000"))
        for name in disk.names where name.contains("/data/") && disk.size(name) > 300_000 {
            disk.flip(name, at: 99_999)
        }
        try await pass()
        #expect(metrics.counter("firn_store_scrub_failures_total", help: "").current == 2)
        for key in ["300000", "1100000"] {
            let error = await #expect(throws: BlobsError.self) { try await store.openObject(path(key)) }
            #expect(error?.code == .corrupt)
        }
        _ = reader
        _ = try await store.put(path("300000"), [5], if: .always)
        #expect(try await store.read(path("300000")) == [5])
        store.close()
    }

    @Test("locks keep objects as they are, lifecycle rules take away what they may")
    func rules() async throws {
        let disk = SimulatedDisk()
        let clock = ManualClock()
        func open() async throws -> BucketStore {
            try await BucketStore.open(directory: "/objects", ioPool: ioPool, clock: clock, disk: disk)
        }
        var store = try await open()
        _ = try await store.createBucket("lake")
        for key in ["logs/a", "logs/kept/b", "data/c"] {
            _ = try await store.put(path(key), [1], if: .always)
        }
        _ = try await store.startMultipart(path("logs/u"), metadata: ObjectMetadata())
        await #expect(throws: BucketsError.self) {
            try await store.set(.lock, of: "lake", to: ["rules": [["id": "x", "enabled": true]]])
        }
        try await store.set(
            .lock, of: "lake",
            to: [
                "rules": [
                    ["id": "k", "enabled": true, "prefix": "logs/kept/", "condition": ["type": "Indefinite"]]
                ]
            ])
        try await store.set(
            .lifecycle, of: "lake",
            to: [
                "rules": [
                    [
                        "id": "old", "enabled": true, "conditions": ["prefix": "logs/"],
                        "deleteObjectsTransition": ["condition": ["type": "Age", "maxAge": 3600]],
                        "abortMultipartUploadsTransition": ["condition": ["type": "Age", "maxAge": 3600]],
                    ]
                ]
            ])
        store.close()
        store = try await open()
        for write in [PutCondition.always, .ifAbsent] {
            await #expect(throws: (any Error).self) {
                try await store.put(path("logs/kept/b"), [2], if: write)
            }
        }
        let locked = await #expect(throws: BucketsError.self) {
            try await store.delete([path("logs/kept/b")])
        }
        #expect(locked?.code == .objectLocked)
        #expect(try await store.applyLifecycle() == (0, 0))
        clock.advance(microseconds: 3_601_000_000)
        #expect(try await store.applyLifecycle() == (1, 1))
        let left = try await store.list(bucket: "lake", prefix: "", after: nil, limit: 10).entries.map(\.key)
        #expect(left == ["data/c", "logs/kept/b"])
        try await store.set(.lock, of: "lake", to: nil)
        #expect(try await store.applyLifecycle() == (1, 0))
        store.close()
    }
}
