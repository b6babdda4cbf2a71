import Blobs
import Buckets
import Effects
import Scheduling
import Telemetry
import TestKit
import Testing

@Suite("A store on a failing disk")
struct DiskFailureTests {
    let ioPool = IOPool(name: "test-io", threads: 2)
    let disk = SimulatedDisk()
    let metrics = MetricsRegistry()

    func open(_ disk: SimulatedDisk) async throws -> BucketStore {
        try await BucketStore.open(
            directory: "/objects", ioPool: ioPool, clock: ManualClock(),
            randomness: SeededRandomness(seed: 5),
            metrics: metrics, disk: disk)
    }

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }

    @Test(
        "a failure anywhere in a put is told, changes nothing, and the next put succeeds",
        arguments: [
            (SimulatedDisk.Operation.write, BlobsError.Code.noSpace), (.write, .unavailable),
            (.sync, .unavailable),
            (.sync, .noSpace), (.create, .noSpace), (.syncDirectory, .unavailable),
        ], [10, 200_000])
    func failures(fault: (operation: SimulatedDisk.Operation, code: BlobsError.Code), size: Int) async throws
    {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("before"), [1], if: .always)
        // A small put creates no file and syncs no directory.
        let isHit = size > 1000 || fault.operation == .write || fault.operation == .sync
        for count
            in 1...(isHit && size > 1000 && (fault.operation == .write || fault.operation == .sync) ? 2 : 1)
        {
            disk.fail(fault.operation, after: count, with: fault.code)
            guard isHit else { break }
            let error = await #expect(throws: BlobsError.self) {
                try await store.put(path("x"), [UInt8](repeating: 1, count: size), if: .ifAbsent)
            }
            #expect(error?.code == fault.code)
            await #expect(throws: BlobsError.self) { _ = try await store.head(path("x")) }
        }
        guard isHit else { return }
        _ = try await store.put(path("x"), [UInt8](repeating: 2, count: size), if: .ifAbsent)
        #expect(try await store.read(path("before")) == [1])
        #expect(metrics.gauge("firn_store_poisoned", help: "").current == 0)
        store.close()
        // Also after a power cut: what was acknowledged after the failure does not rest on what failed.
        let again = try await open(disk.afterPowerCut(seed: 3))
        #expect(try await again.read(path("x")) == [UInt8](repeating: 2, count: size))
        #expect(try await again.read(path("before")) == [1])
        again.close()
    }

    @Test("a block of an upload that cannot be written is told at the latest at its end, and nothing stays")
    func failingBlocks() async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        for block in 1...3 {
            let upload = try store.startObject(path("x"), hashesMD5: true)
            disk.fail(.write, after: block, with: .noSpace)
            let error = await #expect(throws: BlobsError.self) {
                do {
                    for _ in 0..<3 { try await upload.append([UInt8](repeating: 7, count: 1 << 20)) }
                } catch {
                    await upload.abort()
                    throw error
                }
                _ = try await upload.complete(if: .always)
            }
            #expect(error?.code == .noSpace)
            #expect(!disk.names.contains { $0.contains("/data/") })
            await #expect(throws: BlobsError.self) { _ = try await store.head(path("x")) }
        }
        store.close()
    }

    @Test("while a poisoned journal cannot be re-opened nothing is acknowledged, and reads go on")
    func poisoned() async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("a"), [1], if: .always)
        disk.fail(.sync, with: .unavailable)
        await #expect(throws: BlobsError.self) { try await store.put(path("b"), [2], if: .always) }
        #expect(metrics.gauge("firn_store_poisoned", help: "").current == 1)
        for _ in 0..<3 {
            disk.fail(.create, after: 1, with: .noSpace)
            await #expect(throws: BlobsError.self) { try await store.put(path("b"), [2], if: .always) }
            #expect(try await store.read(path("a")) == [1])
        }
        _ = try await store.put(path("b"), [3], if: .ifAbsent)
        store.close()
        let again = try await open(disk.afterPowerCut(seed: 1))
        #expect(try await again.read(path("b")) == [3])
        again.close()
    }

    @Test(
        "a start after a failed sync of the journal finds the old object or the new one, whole",
        arguments: 1...30)
    func crashAfterFailedSync(seed: UInt64) async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        let old = [UInt8](repeating: 1, count: 100_000)
        let new = [UInt8](repeating: 2, count: 120_000)
        _ = try await store.put(path("x"), old, if: .always)
        // The first sync is the file's.
        disk.fail(.sync, after: 2, with: .unavailable)
        await #expect(throws: BlobsError.self) { try await store.put(path("x"), new, if: .always) }
        #expect(try await store.read(path("x")) == old)
        store.close()
        // A killed process leaves the page cache, a power cut does not.
        for left in [disk.copy(), disk.afterPowerCut(seed: seed)] {
            let again = try await open(left)
            let found = try await again.read(path("x"))
            #expect(found == old || found == new)
            again.close()
        }
    }

    @Test("a cut at any step of re-opening a poisoned journal loses nothing acknowledged", arguments: 0..<24)
    func cutWhileReopening(step: Int) async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("a"), [1], if: .always)
        disk.fail(.sync, with: .unavailable)
        await #expect(throws: BlobsError.self) { try await store.put(path("b"), [2], if: .always) }
        disk.cut(afterOperations: step)
        var isAcknowledged = false
        do {
            _ = try await store.put(path("c"), [3], if: .always)
            isAcknowledged = true
        } catch let error as BlobsError { #expect(error.code == .unavailable) }
        store.close()
        for left in [disk.copy(), disk.afterPowerCut(seed: 1), disk.afterPowerCut(seed: 2)] {
            let again = try await open(left)
            #expect(try await again.read(path("a")) == [1])
            if isAcknowledged { #expect(try await again.read(path("c")) == [3]) }
            _ = try await again.put(path("d"), [4], if: .ifAbsent)
            again.close()
            let third = try await open(left)
            #expect(try await third.read(path("d")) == [4])
            third.close()
        }
    }

    @Test("a changed byte of an object is found by a read of the whole")
    func corrupt() async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("large"), [UInt8](repeating: 7, count: 100_000), if: .always)
        let file = try #require(disk.names.first { $0.contains("/data/") })
        disk.flip(file, at: 50_000)
        let error = await #expect(throws: BlobsError.self) { try await store.read(path("large")) }
        #expect(error?.code == .corrupt)
        #expect(metrics.counter("firn_store_corrupt_reads_total", help: "").current == 1)
        try disk.remove(file)
        let missing = await #expect(throws: BlobsError.self) { try await store.read(path("large")) }
        #expect(missing?.code == .corrupt)
        store.close()
    }

    @Test("files of writers that were cut off are removed at the next start")
    func orphans() async throws {
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        _ = try await store.put(path("kept"), [UInt8](repeating: 7, count: 100_000), if: .always)
        let upload = try store.startObject(path("lost"), hashesMD5: false)
        for _ in 0..<3 { try await upload.append([UInt8](repeating: 1, count: 2 << 20)) }
        #expect(disk.names.count { $0.contains("/data/") } == 2)
        store.close()
        let again = try await open(disk.copy())
        #expect(try await again.read(path("kept")).count == 100_000)
        again.close()
    }
}
