import Blobs
import Effects
import JSONText
import Scheduling
import Signing
import Synchronization
import Telemetry
import TestKit
import Testing

@testable import Buckets

/// What a store finds after cuts, on a disk that keeps only what was synced.
@Suite("Recovery of the store")
struct RecoveryTests {
    let ioPool = IOPool(name: "test-io", threads: 2)

    func open(
        _ disk: SimulatedDisk, limits: StoreLimits = StoreLimits(), keyFile: KeyFile? = nil
    ) async throws -> BucketStore {
        try await BucketStore.open(
            directory: "/objects", ioPool: ioPool, clock: ManualClock(),
            randomness: SeededRandomness(seed: 5),
            disk: disk, limits: limits, keyFile: keyFile)
    }

    func path(_ key: String) -> BlobPath { BlobPath(bucket: "lake", key: key) }
    private let segment = "/objects/journal/segment-0000000000000001"

    /// A disk with a bucket and the objects 0…3, and the sizes of the segment after each.
    private func prepared() async throws -> (disk: SimulatedDisk, sizes: [Int]) {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        var sizes = [disk.size(segment)]
        for index in 0..<4 {
            _ = try await store.put(
                path("\(index)"), [UInt8](repeating: UInt8(index), count: 50), if: .ifAbsent)
            sizes.append(disk.size(segment))
        }
        store.close()
        return (disk, sizes)
    }

    @Test("a journal cut at any byte of its last record loses that record and nothing else")
    func torn() async throws {
        let (disk, sizes) = try await prepared()
        for size in sizes[3]..<sizes[4] {
            let copy = disk.copy()
            copy.truncate(segment, to: size)
            let store = try await open(copy)
            #expect(
                try await store.list(bucket: "lake", prefix: "", after: nil, limit: 9).entries.map(\.key) == [
                    "0", "1", "2",
                ])
            // What comes next takes the torn record's place and survives a restart.
            _ = try await store.put(path("next"), [9], if: .always)
            store.close()
            let again = try await open(copy)
            #expect(try await again.read(path("next")) == [9])
            #expect(try await again.read(path("2")) == [UInt8](repeating: 2, count: 50))
            again.close()
        }
    }

    @Test("a flipped byte before the last record is damage, wherever it is")
    func damaged() async throws {
        let (disk, sizes) = try await prepared()
        for offset in stride(from: 0, to: sizes[3], by: 1) {
            let copy = disk.copy()
            copy.flip(segment, at: offset)
            await #expect(throws: BucketsError.self, "byte \(offset)") { _ = try await open(copy) }
        }
    }

    @Test("a flipped byte in the last record is a torn end, never another object")
    func lastDamaged() async throws {
        let (disk, sizes) = try await prepared()
        for offset in sizes[3]..<sizes[4] {
            let copy = disk.copy()
            copy.flip(segment, at: offset)
            let store = try await open(copy)
            #expect(try store.bucketInfo("lake").objectCount == 3)
            store.close()
        }
    }

    /// The disk at a moment when no checkpoint is being made: each file of the journal is then needed. Before, the last
    /// segment may be one that nothing but its presence tells of, and old ones may wait to be removed.
    private func checkpointed(_ store: BucketStore, _ disk: SimulatedDisk) async throws -> SimulatedDisk {
        func numbers(_ kind: String, in disk: SimulatedDisk) -> [String] {
            disk.names.filter { $0.contains("/journal/\(kind)-") }.map { String($0.suffix(16)) }
        }
        let isBusy = { store.journal.isCheckpointing.load(ordering: .acquiring) }
        for _ in 0..<10_000 {
            if !isBusy() {
                let copy = disk.copy()
                let checkpoint = numbers("checkpoint", in: copy).max()
                let isSettled = checkpoint != nil && checkpoint == numbers("segment", in: copy).max()
                if isSettled, !isBusy(), copy.names == disk.names { return copy }
            }
            store.checkpoint()
            try await Task.sleep(for: .milliseconds(1))
        }
        throw TimedOut(waitedFor: "a finished checkpoint")
    }

    private struct TimedOut: Error { var waitedFor: String }

    @Test("a missing segment and a damaged checkpoint are damage")
    func missing() async throws {
        var limits = StoreLimits()
        limits.segmentBytes = 1000
        let disk = SimulatedDisk()
        let store = try await open(disk, limits: limits)
        _ = try await store.createBucket("lake")
        for index in 0..<200 { _ = try await store.put(path("\(index)"), [1, 2, 3], if: .always) }
        let settled = try await checkpointed(store, disk)
        store.close()
        for name in settled.names where name.contains("/journal/") {
            let copy = settled.copy()
            try copy.remove(name)
            await #expect(throws: BucketsError.self, "without \(name)") {
                _ = try await open(copy, limits: limits)
            }
            guard name.contains("checkpoint") else { continue }
            for offset in stride(from: 0, to: settled.size(name), by: 37) {
                let flipped = settled.copy()
                flipped.flip(name, at: offset)
                await #expect(throws: BucketsError.self) { _ = try await open(flipped, limits: limits) }
            }
        }
    }

    @Test("the journal stays bounded: old segments go when nothing lives in them, and what lives is moved")
    func bounded() async throws {
        var limits = StoreLimits()
        limits.segmentBytes = 20_000
        let disk = SimulatedDisk()
        let store = try await open(disk, limits: limits)
        _ = try await store.createBucket("lake")
        for index in 0..<20 {
            _ = try await store.put(path("keep/\(index)"), [UInt8](repeating: 1, count: 100), if: .always)
        }
        func journalBytes() -> Int {
            disk.names.filter { $0.contains("/journal/") }.reduce(0) { $0 + disk.size($1) }
        }
        // Checkpoints run beside the writers: how many puts pass before one ends is not ours to say.
        var puts = 0
        while puts < 3000 || (journalBytes() > 200_000 && puts < 100_000) {
            _ = try await store.put(path("\(puts % 5)"), [UInt8](repeating: 2, count: 500), if: .always)
            puts += 1
        }
        #expect(journalBytes() <= 200_000, "after \(puts) puts of 500 bytes")
        store.close()
        let again = try await open(disk, limits: limits)
        for index in 0..<20 {
            #expect(try await again.read(path("keep/\(index)")) == [UInt8](repeating: 1, count: 100))
        }
        again.close()
    }

    @Test(
        "a part of any number is there after a start, also when it is alone in its frame",
        arguments: [1, 127, 128, 9999, 10_000])
    func partNumbers(number: Int) async throws {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        let upload = try await store.startMultipart(path("parts"), metadata: ObjectMetadata())
        let part = try store.startPart(path("parts"), upload: upload, number: number)
        try await part.append([1, 2, 3])
        let done = try await part.complete()
        store.close()
        let again = try await open(disk)
        _ = try await again.completeMultipart(
            path("parts"), upload: upload, parts: [(number: number, etag: done.etag)], if: .always)
        #expect(try await again.read(path("parts")) == [1, 2, 3])
        again.close()
    }

    @Test("a segment that the disk refused half-way, and could not take back, is no part of the journal")
    func refusedSegment() async throws {
        let disk = SimulatedDisk()
        let store = try await open(disk)
        _ = try await store.createBucket("lake")
        for index in 0..<10 { _ = try await store.put(path("\(index)"), [1, 2, 3], if: .always) }
        store.close()
        let files = JournalFiles(disk: disk, directory: "/objects/journal")
        // Made after the third record; the first segment went on.
        _ = try files.createSegment(2, firstSequence: 4, randomness: SeededRandomness(seed: 1))
        for round in 0..<2 {
            let again = try await open(disk)
            for index in 0..<10 { #expect(try await again.read(path("\(index)")) == [1, 2, 3]) }
            _ = try await again.put(path("round \(round)"), [4], if: .ifAbsent)
            again.close()
        }
    }

    @Test("an empty object outlives the segment it was written in")
    func emptyObject() async throws {
        var limits = StoreLimits()
        limits.segmentBytes = 1000
        let disk = SimulatedDisk()
        let store = try await open(disk, limits: limits)
        _ = try await store.createBucket("lake")
        let first = try #require(disk.names.first { $0.contains("/journal/segment") })
        _ = try await store.put(path("folder/"), [], if: .always)
        var puts = 0
        while disk.names.contains(first), puts < 20_000 {
            _ = try await store.put(path("other"), [UInt8](repeating: 2, count: 500), if: .always)
            puts += 1
        }
        #expect(!disk.names.contains(first), "after \(puts) puts")
        #expect(try await store.read(path("folder/")) == [])
        store.close()
        let again = try await open(disk, limits: limits)
        #expect(try await again.read(path("folder/")) == [])
        again.close()
    }

    @Test("after a power cut what was acknowledged is there, and nothing is half there", arguments: 0..<250)
    func powerCut(seed: UInt64) async throws { try await powerCut(seed, keyFile: nil) }

    @Test("the same is true of objects that the bucket encrypts", arguments: 0..<100)
    func powerCutEncrypted(seed: UInt64) async throws {
        try await powerCut(1000 + seed, keyFile: KeyFile(key: [UInt8](repeating: 1, count: 32)))
    }

    private func powerCut(_ seed: UInt64, keyFile: KeyFile?) async throws {
        var generator = SeededGenerator(seed: seed)
        var limits = StoreLimits()
        limits.segmentBytes = 6000
        limits.inlineBytes = 300
        limits.directoryFiles = 4
        var disk = SimulatedDisk()
        // For each key: versions that may be there. Nil stands for none.
        var possible: [String: Set<Int?>] = [:]
        for round in 0..<3 {
            let store = try await open(disk, limits: limits, keyFile: keyFile)
            if store.listBuckets().isEmpty {
                _ = try await store.createBucket("lake")
                if keyFile != nil {
                    try await store.set(.encryption, of: "lake", to: ["algorithm": "AES256"])
                }
            }
            try await check(store, possible)
            for key in possible.keys { possible[key] = [try await version(store, key)] }
            disk.cut(afterOperations: Int(generator.next() % 160))
            for step in 0..<40 {
                let key = "k\(generator.next() % 9)"
                let isDelete = generator.next() % 4 == 0
                let number = round * 1000 + step
                let before = possible[key] ?? [nil]
                do {
                    if isDelete {
                        try await store.delete([path(key)])
                    } else {
                        _ = try await store.put(path(key), bytes(number), if: .always)
                    }
                    possible[key] = [isDelete ? nil : number]
                } catch {
                    possible[key] = before.union([isDelete ? nil : number])
                }
            }
            store.close()
            disk = disk.afterPowerCut(seed: generator.next())
        }
        let store = try await open(disk, limits: limits, keyFile: keyFile)
        try await check(store, possible)
        store.close()
    }

    /// Small and large objects; the number tells the bytes.
    private func bytes(_ number: Int) -> [UInt8] {
        let size = number % 3 == 0 ? 5000 + number : 20 + number % 200
        return Array("\(number):".utf8) + [UInt8](repeating: UInt8(number % 251), count: size)
    }

    private func version(_ store: BucketStore, _ key: String) async throws -> Int? {
        do {
            let found = try await store.read(path(key))
            let number = try #require(
                Int(String(decoding: found.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)))
            #expect(found == bytes(number))
            return number
        } catch let error as BlobsError where error.code == .notFound {
            return nil
        }
    }

    private func check(_ store: BucketStore, _ possible: [String: Set<Int?>]) async throws {
        for (key, versions) in possible.sorted(by: { $0.key < $1.key }) {
            let found = try await version(store, key)
            #expect(versions.contains(found), "\(key) is \(String(describing: found)), could be \(versions)")
        }
    }
}
