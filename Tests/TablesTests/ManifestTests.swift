import Blobs
import Columnar
import Effects
import FileFormats
import Iceberg
import Scheduling
import Tables
import TestKit
import Testing

@Suite("Manifests")
struct ManifestTests {
    @Test("what is written reads back, with what the manifest list adds", arguments: [2, 3])
    func roundTrips(formatVersion: Int) async throws {
        let files = [
            TableFixtures.file("a", day: 10, text: "x", ids: 1...5),
            TableFixtures.file("b", day: -1, text: nil, ids: 6...9),
        ]
        let metadata = try TableFixtures.empty(formatVersion: formatVersion)
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: TableFixtures.sync)
        try writer.append(ManifestEntry(.added, files[0], snapshotID: 7))
        try writer.append(
            ManifestEntry(.existing, files[1], snapshotID: 3, sequenceNumber: 2, fileSequenceNumber: 2))
        let (bytes, manifest) = try writer.finish(path: "s3://lake/t/metadata/m.avro", sequenceNumber: 5)
        #expect(
            manifest.files == .init(added: 1, existing: 1) && manifest.rows == .init(added: 5, existing: 4))
        #expect(manifest.minimumSequenceNumber == 2 && manifest.length == Int64(bytes.count))
        let entries = try ManifestReader(metadata: metadata, manifest: manifest).entries(bytes)
        #expect(entries.map(\.file) == files)
        #expect(entries.map(\.sequenceNumber) == [5, 2] && entries.map(\.snapshotID) == [7, 3])

        var snapshot = Snapshot(
            snapshotID: 7, parentID: 3, sequenceNumber: 5, timestampMilliseconds: 1,
            manifestList: "s3://lake/t/l.avro")
        snapshot.summary = [:]
        let list = try ManifestListFile.write(
            [manifest], of: snapshot, formatVersion: formatVersion, sync: TableFixtures.sync)
        #expect(try ManifestListFile.read(list, path: "l") == [manifest])
    }

    @Test("an entry of another spec is refused")
    func otherSpec() throws {
        let metadata = try TableFixtures.empty()
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: TableFixtures.sync)
        var file = TableFixtures.file("f", day: 1, text: "n", ids: 0...3)
        file.partition.append(.null)
        #expect(throws: FileFormatsError.self) {
            try writer.append(ManifestEntry(.added, file, snapshotID: 7))
        }
    }

    @Test("a list of a manifest as long as no object is refused, a length nobody knew is read")
    func lengths() throws {
        func read(_ bytes: Int64) throws -> [ManifestFile] {
            let manifest = ManifestFile(
                path: "s3://lake/t/m.avro", length: bytes, specID: 0, addedSnapshotID: 7)
            let snapshot = Snapshot(
                snapshotID: 7, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1,
                manifestList: "s3://lake/t/l.avro")
            let list = try ManifestListFile.write(
                [manifest, manifest], of: snapshot, formatVersion: 2, sync: TableFixtures.sync)
            return try ManifestListFile.read(list, path: "l")
        }
        #expect { try read(.max) } throws: { ($0 as? TablesError)?.code == .manifestUnreadable }
        #expect(try read(-1).map(\.length) == [-1, -1])
        #expect(try read(.min).map(\.length) == [-1, -1])
    }

    @Test("what a manifest unfolds to is heard first; a refusal is no damage")
    func hearsUnfolding() throws {
        let metadata = try TableFixtures.empty()
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: TableFixtures.sync)
        let file = TableFixtures.file("f", day: 1, text: "n", ids: 0...3)
        try writer.append(ManifestEntry(.added, file, snapshotID: 7))
        let (bytes, manifest) = try writer.finish(path: "s3://lake/t/metadata/m.avro", sequenceNumber: 5)
        let reader = ManifestReader(metadata: metadata, manifest: manifest)
        let budget = MemoryBudget(ledger: MemoryLedger(limit: 10), limit: 10)
        let error = try #require(throws: SchedulingError.self) {
            try reader.entries(bytes) { _ = try budget.reserve($0, for: "a manifest") }
        }
        #expect(error.code == .memoryExhausted)
        #expect(try reader.entries(bytes) { _ in } == reader.entries(bytes))
    }

    @Test("damaged manifests and lists end in an error or in entries, never in a crash")
    func survivesDamage() async throws {
        let metadata = try TableFixtures.empty()
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: TableFixtures.sync)
        for index in 0..<20 as Range<Int32> {
            let file = TableFixtures.file("f\(index)", day: index, text: "n", ids: 0...3)
            try writer.append(ManifestEntry(.added, file, snapshotID: 7))
        }
        let (packed, manifest) = try writer.finish(path: "s3://lake/t/metadata/m.avro", sequenceNumber: 5)
        // Unpacked, so that the damage reaches the records and is not caught by the codec.
        let original = try AvroRepack.uncompressed(packed)
        let reader = ManifestReader(metadata: metadata, manifest: manifest)
        #expect(try reader.entries(original).count == 20)
        for seed in 0..<UInt64(FuzzRounds.count(400)) {
            var generator = SeededGenerator(seed: seed)
            var bytes = original
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            do {
                _ = try reader.entries(bytes)
                _ = try ManifestListFile.read(bytes, path: "l")
            } catch {
                #expect(error.code == .manifestUnreadable)
            }
        }
    }
}

/// Rewrites an Avro file without compression, copying its records as bytes.
enum AvroRepack {
    static func uncompressed(_ bytes: [UInt8]) throws -> [UInt8] {
        // The header: magic, metadata map, sync marker. Blocks follow it.
        let marker = Array("deflate".utf8)
        guard let place = bytes.indices.first(where: { bytes[$0...].starts(with: marker) }) else {
            return bytes
        }
        let header = Array(bytes[..<place].dropLast()) + [8] + Array("null".utf8)
        var rest = Array(bytes[(place + marker.count)...])
        let head = Array(rest.prefix(17))
        rest.removeFirst(17)
        var result = header + head
        while !rest.isEmpty {
            var encoder = AvroEncoder()
            let (count, countBytes) = zigZag(rest)
            let (size, sizeBytes) = zigZag(Array(rest.dropFirst(countBytes)))
            let start = countBytes + sizeBytes
            encoder.long(count)
            encoder.bytesValue(
                try Codec.deflate.decompress(Array(rest[start..<start + Int(size)]), limit: 1 << 24))
            encoder.raw(Array(head.suffix(16)))
            result += encoder.bytes
            rest.removeFirst(start + Int(size) + 16)
        }
        return result
    }

    private static func zigZag(_ bytes: [UInt8]) -> (Int64, Int) {
        var value: UInt64 = 0
        var count = 0
        for byte in bytes {
            value |= UInt64(byte & 0x7F) << UInt64(7 * count)
            count += 1
            if byte < 0x80 { break }
        }
        return (Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1), count)
    }
}
