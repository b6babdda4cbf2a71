import Blobs
import Effects
import Scheduling
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Buckets

@Suite("Compaction of the journal")
struct CompactionTests {
    let ioPool = IOPool(name: "test-io", threads: 2)

    private func open(
        _ disk: SimulatedDisk, compacting: Bool, metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> BucketStore {
        var limits = StoreLimits()
        limits.segmentBytes = 4000
        limits.compactionSegments = compacting ? 4 : 0
        // Two objects a batch.
        limits.movedBytesAlone = 700
        return try await BucketStore.open(
            directory: "/objects", ioPool: ioPool, clock: ManualClock(),
            randomness: SeededRandomness(seed: 5), metrics: metrics, disk: disk, limits: limits)
    }

    private func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }

    private func bytes(_ number: Int) -> [UInt8] { [UInt8](repeating: UInt8(number), count: 100 + number) }

    private static let kept = 20

    /// Segments with little in them that lives: one object of each 9, and the last version of one that is replaced often.
    private func wasted() async throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        let store = try await open(disk, compacting: false)
        _ = try await store.createBucket("lake")
        for number in 0..<Self.kept {
            _ = try await store.put(path("keep/\(number)"), bytes(number), if: .always)
            for _ in 0..<8 { _ = try await store.put(path("often"), bytes(number + 1), if: .always) }
            // A segment ends only when the checkpoint of the one before is over.
            #expect(try await eventually { !store.journal.isCheckpointing.load(ordering: .acquiring) })
        }
        store.close()
        return disk
    }

    private func check(_ store: BucketStore) async throws {
        for number in 0..<Self.kept {
            #expect(try await store.read(path("keep/\(number)")) == bytes(number))
        }
        #expect(try await store.read(path("often")) == bytes(Self.kept))
    }

    private func segments(_ disk: SimulatedDisk) -> Int { disk.names.count { $0.contains("/segment-") } }

    /// Has the store make a checkpoint and compact, and waits for its end, good or bad.
    private func compact(_ store: BucketStore, _ metrics: MetricsRegistry) async throws {
        func count(_ name: String) -> Int64 { metrics.counter(name, help: "").current }
        store.checkpoint()
        let isOver = try await eventually {
            count("firn_store_checkpoints_total") + count("firn_store_checkpoint_failures_total") > 0
                && !store.journal.isCheckpointing.load(ordering: .acquiring)
        }
        #expect(isOver)
    }

    @Test("what lives in mostly empty segments is moved, a batch after the other, and they go")
    func moves() async throws {
        let disk = try await wasted()
        let before = segments(disk)
        #expect(before >= 6)
        let metrics = MetricsRegistry()
        let store = try await open(disk, compacting: true, metrics: metrics)
        try await compact(store, metrics)
        #expect(metrics.counter("firn_store_compacted_segments_total", help: "").current == 4)
        #expect(metrics.counter("firn_store_moved_bytes_total", help: "").current > 400)
        #expect(metrics.gauge("firn_store_waiting_changes", help: "").current == 0)
        #expect(segments(disk) <= before - 2)
        try await check(store)
        store.close()
        let again = try await open(disk, compacting: true)
        try await check(again)
        again.close()
    }

    @Test("a cut at any step of a checkpoint and of the moves behind it loses nothing", arguments: 0..<64)
    func cuts(step: Int) async throws {
        let disk = try await wasted()
        let metrics = MetricsRegistry()
        let store = try await open(disk, compacting: true, metrics: metrics)
        disk.cut(afterOperations: step)
        try await compact(store, metrics)
        store.close()
        for left in [disk.copy(), disk.afterPowerCut(seed: 1), disk.afterPowerCut(seed: 2)] {
            let again = try await open(left, compacting: true)
            try await check(again)
            _ = try await again.put(path("next"), [1], if: .ifAbsent)
            again.close()
            let third = try await open(left, compacting: true)
            try await check(third)
            #expect(try await third.read(path("next")) == [1])
            third.close()
        }
    }

    @Test("a failure in the middle of the moves ends the compaction, and the next one does the rest")
    func failures() async throws {
        let disk = try await wasted()
        let metrics = MetricsRegistry()
        let store = try await open(disk, compacting: true, metrics: metrics)
        // The third sync behind those of the new segment and the checkpoint: of a batch.
        disk.fail(.sync, after: 5, with: .unavailable)
        try await compact(store, metrics)
        #expect(metrics.counter("firn_store_checkpoint_failures_total", help: "").current == 1)
        let done = metrics.counter("firn_store_compacted_segments_total", help: "").current
        #expect(done < 4)
        try await check(store)
        _ = try await store.put(path("next"), [1], if: .always)
        store.checkpoint()
        #expect(
            try await eventually {
                metrics.counter("firn_store_compacted_segments_total", help: "").current > done
            })
        try await check(store)
        store.close()
    }

    @Test("a group takes the changes that wait, and as many moves as cost them little")
    func groups() {
        func jobs(_ count: Int, bytes: Int) -> [Journal.Job] {
            (0..<count).map { _ in Journal.Job(bytes: bytes, decide: { _ in nil }, done: { _ in }) }
        }
        let limits = StoreLimits()
        var queue = JournalQueue(changes: jobs(3, bytes: 300), moves: jobs(40, bytes: 40_000))
        #expect(queue.takeGroup(limits).map(\.bytes) == [300, 300, 300, 40_000, 40_000])
        #expect(queue.changes.isEmpty && queue.moves.count == 38)
        // Nobody waits.
        #expect(queue.takeGroup(limits).count == 27)
        #expect(queue.takeGroup(limits).count == 11 && queue.isEmpty)
        // One move at least, however full the group is.
        queue = JournalQueue(changes: jobs(2000, bytes: 5000), moves: jobs(5, bytes: 100_000))
        #expect(queue.takeGroup(limits).count { $0.bytes == 100_000 } == 1)
        #expect(queue.changes.count == 2000 - 839)
    }
}
