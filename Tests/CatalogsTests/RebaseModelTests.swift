import Blobs
import Effects
import Iceberg
import Tables
import TestKit
import Testing

@testable import Catalogs

/// Random commits of clients that looked at older states, made at once, against a model in which they come one by one.
@Suite("Rebase against a serial model")
struct RebaseModelTests {
    private let fixture: CatalogFixture
    private static let sync = [UInt8](repeating: 7, count: 16)
    init() async throws { fixture = try await CatalogFixture() }

    private enum Operation: Sendable, Hashable {
        case append(file: Int64)
        /// A deletion vector about one file.
        case delete(from: Int64)
        /// One file instead of all there are: never rebased.
        case replace(file: Int64)
    }

    /// The table as a list of files and what is deleted from them, in the order of commits.
    private struct Model {
        var live: Set<Int64> = []
        /// By file, when a delete from it was last committed.
        var deletedAt: [Int64: Int] = [:]
        var commits = 0

        func allows(_ operation: Operation, seenAt base: Int) -> Bool {
            switch operation {
            case .append: true
            case .delete(let file): live.contains(file) && (deletedAt[file] ?? 0) <= base
            case .replace: commits == base
            }
        }

        mutating func apply(_ operation: Operation) {
            commits += 1
            switch operation {
            case .append(let file): live.insert(file)
            case .delete(let file): deletedAt[file] = commits
            case .replace(let file): live = [file]
            }
        }
    }

    private func manifests(of snapshot: Snapshot?) async throws -> [ManifestFile] {
        guard let list = snapshot?.manifestList, let path = BlobPath(uri: list) else { return [] }
        return try await ManifestListFile.read(fixture.memory.read(path), path: list)
    }

    /// What a writer sends that looked at `table`.
    private func commit(_ operation: Operation, on table: LoadedTable, id: Int64) async throws -> TableCommit
    {
        let metadata = table.metadata
        var file = DataFile(
            path: "\(metadata.location)/data/\(id).parquet", specID: 0, partition: [], recordCount: 10,
            fileSize: 100)
        var kept = try await manifests(of: metadata.currentSnapshot)
        var name = "append"
        switch operation {
        case .append: break
        case .delete(let target):
            name = "delete"
            file.path = "\(metadata.location)/data/\(id).puffin"
            file.content = .positionDeletes
            file.format = "PUFFIN"
            file.referencedDataFile = "\(metadata.location)/data/\(target).parquet"
            (file.contentOffset, file.contentSize, file.recordCount) = (4, 40, 3)
        case .replace:
            name = "overwrite"
            kept = []
        }
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: id, sync: Self.sync,
            content: file.content == .data ? .data : .deletes)
        try writer.append(ManifestEntry(.added, file, snapshotID: id))
        var (bytes, manifest) = try writer.finish(
            path: "\(metadata.location)/metadata/\(id)-m0.avro",
            sequenceNumber: metadata.lastSequenceNumber + 1)
        var commit = fixture.append(to: table, snapshotID: id)
        guard case .addSnapshot(var snapshot) = commit.updates[0], let list = snapshot.manifestList else {
            return commit
        }
        snapshot.summary["operation"] = name
        let isData = file.content == .data
        (snapshot.firstRowID, snapshot.addedRows) = (metadata.nextRowID, isData ? 10 : 0)
        if isData { manifest.firstRowID = metadata.nextRowID }
        commit.updates[0] = .addSnapshot(snapshot)
        let text = try ManifestListFile.write(
            [manifest] + kept, of: snapshot, formatVersion: metadata.formatVersion, sync: Self.sync)
        for (uri, bytes) in [(manifest.path, bytes), (list, text)] {
            _ = try await fixture.memory.put(try #require(BlobPath(uri: uri)), bytes, if: .always)
        }
        return commit
    }

    private func random(_ live: Set<Int64>, _ number: Int64, _ random: inout SeededGenerator) -> Operation {
        let choice = Int.random(in: 0..<10, using: &random)
        if choice > 4, choice < 9, let file = live.sorted().randomElement(using: &random) {
            return .delete(from: file)
        }
        return choice == 9 ? .replace(file: number) : .append(file: number)
    }

    @Test("what lands could have come one by one, and what is refused could not", arguments: 0..<12)
    func serial(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var model = Model()
        var seen: [(table: LoadedTable, commits: Int)] = [
            (
                try await fixture.create(
                    "t", properties: ["format-version": "3", "write.delete.isolation-level": "snapshot"]), 0
            )
        ]
        var number: Int64 = 0
        for _ in 0..<8 {
            var round: [Int64: (operation: Operation, base: Int, commit: TableCommit)] = [:]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                number += 1
                let base = seen[max(0, seen.count - Int.random(in: 1...3, using: &generator))]
                let operation = random(model.live, number, &generator)
                round[number] = (
                    operation, base.commits, try await commit(operation, on: base.table, id: number)
                )
            }
            let refused = try await land(round.mapValues(\.commit))
            let table = try await fixture.load("t")
            // Landed ones in the order the table has them.
            for snapshot in table.metadata.snapshots.dropFirst(model.commits) {
                let landed = try #require(round[snapshot.snapshotID])
                #expect(
                    model.allows(landed.operation, seenAt: landed.base), "\(landed.operation), seed \(seed)")
                model.apply(landed.operation)
                #expect(snapshot.sequenceNumber == Int64(model.commits))
            }
            #expect(model.commits == table.metadata.snapshots.count)
            for id in refused {
                let told = try #require(round[id])
                #expect(!model.allows(told.operation, seenAt: told.base), "\(told.operation), seed \(seed)")
            }
            try await compare(table, model, seed)
            seen.append((table, model.commits))
        }
    }

    /// Commits all at once; answers those that were refused as conflicts.
    private func land(_ commits: [Int64: TableCommit]) async throws -> [Int64] {
        let catalog = fixture.catalog
        return try await withThrowingTaskGroup(of: Int64?.self) { group in
            for (id, commit) in commits {
                group.addTask {
                    let code = await faultCode { try await catalog.commit([commit]) }
                    try #require(code == nil || code == "CAT-301")
                    return code == nil ? nil : id
                }
            }
            return try await group.reduce(into: []) { if let id = $1 { $0.append(id) } }
        }
    }

    /// The files that are live, and that no two share row ids.
    private func compare(_ table: LoadedTable, _ model: Model, _ seed: UInt64) async throws {
        let metadata = table.metadata
        var live: Set<Int64> = []
        var rowIDs: [Range<Int64>] = []
        for manifest in try await manifests(of: metadata.currentSnapshot) where manifest.content == .data {
            let bytes = try await fixture.memory.read(try #require(BlobPath(uri: manifest.path)))
            for entry in try ManifestReader(metadata: metadata, manifest: manifest).entries(bytes) {
                let isNew = live.insert(try #require(entry.snapshotID)).inserted
                let first = try #require(entry.file.firstRowID)
                #expect(isNew && first + entry.file.recordCount <= metadata.nextRowID)
                rowIDs.append(first..<first + entry.file.recordCount)
            }
        }
        #expect(live == model.live, "seed \(seed)")
        let sorted = rowIDs.sorted { $0.lowerBound < $1.lowerBound }
        for (left, right) in zip(sorted, sorted.dropFirst()) { #expect(left.upperBound <= right.lowerBound) }
    }
}
