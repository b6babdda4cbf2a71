import Blobs
import Effects
import Iceberg
import Metastore
import Tables
import TestKit
import Testing

@testable import Catalogs

@Suite("Rebase of appends")
struct RebaseTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws { fixture = try await CatalogFixture() }

    private struct NotAURI: Error {}

    private func put(_ bytes: [UInt8], at uri: String) async throws {
        guard let path = BlobPath(uri: uri) else { throw NotAURI() }
        _ = try await fixture.memory.put(path, bytes, if: .always)
    }

    private func manifests(of snapshot: Snapshot?) async throws -> [ManifestFile] {
        guard let list = snapshot?.manifestList, let path = BlobPath(uri: list) else { return [] }
        return try await ManifestListFile.read(fixture.memory.read(path), path: list)
    }

    /// An append of one file of ten rows with real manifests, as PyIceberg writes it.
    private func append(
        to table: LoadedTable, id: Int64, edit: (inout ManifestEntry) -> Void = { _ in }
    ) async throws -> TableCommit {
        let metadata = table.metadata
        let folder = metadata.location + "/metadata"
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: id,
            sync: Array(repeating: 7, count: 16))
        var entry = ManifestEntry(
            .added,
            DataFile(
                path: "\(metadata.location)/data/\(id).parquet", specID: 0, partition: [], recordCount: 10,
                fileSize: 100), snapshotID: id)
        edit(&entry)
        try writer.append(entry)
        let number = metadata.lastSequenceNumber + 1
        let written = try writer.finish(path: "\(folder)/\(id)-m0.avro", sequenceNumber: number)
        var manifest = written.manifest
        try await put(written.bytes, at: manifest.path)
        var commit = fixture.append(to: table, snapshotID: id)
        guard case .addSnapshot(var snapshot) = commit.updates[0], let list = snapshot.manifestList else {
            return commit
        }
        let before = metadata.currentSnapshot?.summary["total-records"].flatMap { Int64($0) } ?? 0
        snapshot.summary["total-records"] = "\(before + 10)"
        if metadata.formatVersion > 2 {
            (snapshot.firstRowID, snapshot.addedRows) = (metadata.nextRowID, 10)
            manifest.firstRowID = metadata.nextRowID
        }
        commit.updates[0] = .addSnapshot(snapshot)
        let all = [manifest] + (try await manifests(of: metadata.currentSnapshot))
        let text = try ManifestListFile.write(
            all, of: snapshot, formatVersion: metadata.formatVersion, sync: Array(repeating: 7, count: 16))
        try await put(text, at: list)
        return commit
    }

    @Test(
        "appends of many writers to one table at once all land, and each file is there once",
        arguments: ["2", "3"])
    func concurrentAppends(version: String) async throws {
        let table = try await fixture.create("a", properties: ["format-version": version])
        let fixture = fixture
        let commits = try await withThrowingTaskGroup(of: TableCommit.self) { group in
            for id in 1...10 as ClosedRange<Int64> {
                group.addTask { try await append(to: table, id: id) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for commit in commits { group.addTask { try await fixture.catalog.commit([commit]) } }
            try await group.waitForAll()
        }
        let loaded = try await fixture.load("a")
        #expect(loaded.version <= 11 && loaded.metadata.lastSequenceNumber == 10)
        let last = try #require(loaded.metadata.currentSnapshot)
        #expect(last.summary["total-records"] == "100" && last.summary["added-records"] == "10")
        let listed = try await manifests(of: last)
        #expect(Set(listed.map(\.addedSnapshotID)) == Set(1...10) && listed.count == 10)
        #expect(Set(listed.map(\.sequenceNumber)) == Set(1...10))
        if version == "3" {
            #expect(Set(listed.compactMap(\.firstRowID)) == Set((0..<10).map { $0 * 10 }))
            #expect(loaded.metadata.nextRowID == 100)
        }
        for snapshot in loaded.metadata.snapshots {
            let own = listed.filter { $0.addedSnapshotID == snapshot.snapshotID }
            #expect(own.map(\.sequenceNumber) == [snapshot.sequenceNumber])
        }
    }

    @Test("a rebased append that fails to land leaves neither its metadata nor its manifest list")
    func failsClean() async throws {
        struct Refused: Error {}
        let table = try await fixture.create("a")
        let late = try await append(to: table, id: 2)
        try await catalog.commit([append(to: table, id: 1)])
        let before = try await fixture.keys()
        #expect(await faultCode { try await catalog.commit([late]) { _ in throw Refused() } } == "Refused()")
        #expect(try await fixture.keys() == before)
        fixture.store.failNext(.put, afterEffect: true)
        #expect(await faultCode { try await catalog.commit([late]) } == "BLB-302")
        #expect(try await fixture.keys() == before)
        #expect(try await catalog.commit([late])[0].metadata.lastSequenceNumber == 2)
        #expect(await faultCode { try await catalog.commit([late]) } == "CAT-301")
    }

    @Test("once a rebased append has landed, the list its writer made is gone; one that a snapshot has stays")
    func writersList() async throws {
        let table = try await fixture.create("a")
        let late = try await append(to: table, id: 2)
        let first = try await append(to: table, id: 1)
        try await catalog.commit([first])
        let landed = try await catalog.commit([late])[0]
        let stored = try await fixture.keys().filter { $0.contains("/snap-") }.map { "s3://lake/\($0)" }
        #expect(Set(stored) == Set(landed.metadata.snapshots.compactMap(\.manifestList)))
        // An append of nothing may name its parent's list as its own.
        var empty = fixture.append(to: landed, snapshotID: 4)
        guard case .addSnapshot(var snapshot) = empty.updates[0] else { return }
        snapshot.manifestList = landed.metadata.currentSnapshot?.manifestList
        empty.updates[0] = .addSnapshot(snapshot)
        try await catalog.commit([append(to: landed, id: 3)])
        try await catalog.commit([empty])
        #expect(try await manifests(of: landed.metadata.currentSnapshot).count == 2)
    }

    @Test("a file that two writers add at once is in the table once", arguments: ["2", "3"])
    func sameFile(version: String) async throws {
        let table = try await fixture.create("a", properties: ["format-version": version])
        let place = table.metadata.location.dropFirst("s3://".count)
        var late: [TableCommit] = []
        for (id, scheme) in [(2, "s3://"), (3, "s3a://")] as [(Int64, String)] {
            late.append(
                try await append(to: table, id: id) { $0.file.path = "\(scheme)\(place)/data/1.parquet" })
        }
        let other = try await append(to: table, id: 4)
        try await catalog.commit([append(to: table, id: 1)])
        for commit in late { #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-301") }
        let landed = try await catalog.commit([other])[0]
        #expect(landed.metadata.currentSnapshot?.summary["total-records"] == "20")
        #expect(await faultCode { try await catalog.commit([late[0]]) } == "CAT-301")
    }

    @Test("of more manifests than are compared an append is a conflict")
    func farBehind() async throws {
        let table = try await fixture.create("a")
        let far = try await append(to: table, id: 9)
        var limits = CatalogLimits()
        limits.comparedManifests = 2
        let strict = Catalog(
            metastore: fixture.metastore, store: fixture.memory, clock: fixture.clock, limits: limits)
        for id in 1...2 as ClosedRange<Int64> { try await catalog.commit([append(to: table, id: id)]) }
        let near = try await append(to: fixture.load("a"), id: 8)
        try await catalog.commit([append(to: table, id: 3)])
        #expect(await faultCode { try await strict.commit([far]) } == "CAT-301")
        #expect(try await strict.commit([near])[0].metadata.snapshots.count == 4)
    }

    @Test("an append whose rows have ids of their own is not put on top of others")
    func ownRowIDs() async throws {
        let table = try await fixture.create("a", properties: ["format-version": "3"])
        let late = try await append(to: table, id: 2) { $0.file.firstRowID = 0 }
        try await catalog.commit([append(to: table, id: 1)])
        #expect(await faultCode { try await catalog.commit([late]) } == "CAT-301")
    }

    @Test("an append whose manifests do more than add, or cannot be read, stays a conflict")
    func staysConflict() async throws {
        let table = try await fixture.create("a")
        let existing = try await append(to: table, id: 2) { entry in
            entry.status = .existing
            entry.sequenceNumber = 1
            entry.fileSequenceNumber = 1
        }
        let numbered = try await append(to: table, id: 3) { $0.sequenceNumber = 1 }
        let missing = fixture.append(to: table, snapshotID: 4)
        try await catalog.commit([append(to: table, id: 1)])
        for commit in [existing, numbered, missing] {
            #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-301")
        }
        #expect(try await fixture.load("a").metadata.snapshots.count == 1)
    }

    @Test(
        "appends that wait for one table share a metadata file, and one that is refused leaves the others alone"
    )
    func groups() async throws {
        struct Refused: Error {}
        let table = try await fixture.create("a")
        var commits: [TableCommit] = []
        for id in 1...12 as ClosedRange<Int64> { commits.append(try await append(to: table, id: id)) }
        commits[4].requirements.append(.currentSchemaID(7))
        let metastore = fixture.metastore
        let catalog = catalog
        let done = try await withThrowingTaskGroup(of: (Int, String?).self) { group in
            for (index, commit) in commits.enumerated() {
                group.addTask {
                    let code = await faultCode {
                        try await catalog.commit([commit]) { transaction in
                            if index == 7 { throw Refused() }
                            try transaction.execute(
                                "INSERT INTO purges (location, table_uuid, requested_at) VALUES (?, 'x', 0)",
                                [.text("s3://sea/\(index)/")])
                        }
                    }
                    return (index, code)
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 ?? "" }
        }
        #expect(done[4] == "CAT-301" && done[7] == "Refused()")
        #expect(done.values.filter { $0.isEmpty }.count == 10)
        let loaded = try await fixture.load("a")
        #expect(loaded.metadata.snapshots.count == 10 && loaded.metadata.lastSequenceNumber == 10)
        #expect(loaded.version < 12, "some shared a metadata file")
        #expect(loaded.metadata.currentSnapshot?.summary["total-records"] == "100")
        #expect(try await manifests(of: loaded.metadata.currentSnapshot).count == 10)
        let written = try await metastore.read { try $0.query("SELECT location FROM purges") }
        #expect(written.count == 10)
        let lists = try await fixture.keys().filter { $0.contains("/snap-") }.map { "s3://lake/\($0)" }
        let unused = Set(lists).subtracting(loaded.metadata.snapshots.compactMap(\.manifestList))
        #expect(unused.count == 2, "those of the two that were refused are their writers'")
    }

    @Test("another requirement that does not hold is a conflict all the same")
    func otherRequirements() async throws {
        let table = try await fixture.create("a")
        var late = try await append(to: table, id: 2)
        try await catalog.commit([append(to: table, id: 1)])
        late.requirements.append(.currentSchemaID(5))
        #expect(await faultCode { try await catalog.commit([late]) } == "CAT-301")
    }

    @Test("a file outside the table's location is not put into its snapshots by a rebase")
    func outside() async throws {
        let table = try await fixture.create("a")
        let late = try await append(to: table, id: 2) { $0.file.path = "s3://lake/other/1.parquet" }
        try await catalog.commit([append(to: table, id: 1)])
        #expect(await faultCode { try await catalog.commit([late]) } == "TAB-103")
    }
}
