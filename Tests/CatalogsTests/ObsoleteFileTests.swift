import Blobs
import Iceberg
import JSONText
import TestKit
import Testing

@testable import Catalogs

@Suite("Files that commits let go of")
struct ObsoleteFileTests {
    private func fixture(keeping limit: Int = 10) async throws -> (CatalogFixture, LoadedTable) {
        var limits = CatalogLimits()
        limits.obsoleteFiles = limit
        let fixture = try await CatalogFixture(limits: limits)
        let table = try await fixture.create(
            "a", properties: ["write.metadata.previous-versions-max": "1"])
        return (fixture, table)
    }

    private func commit(_ ids: ClosedRange<Int64>, _ fixture: CatalogFixture) async throws {
        for id in ids {
            try await fixture.catalog.commit([
                fixture.append(to: try await fixture.load("a"), snapshotID: id)
            ])
        }
    }

    private func count(_ fixture: CatalogFixture) async throws -> Int { try await fixture.keys().count }

    @Test("they go at once where nobody else deletes them, and where too many wait")
    func atOnce() async throws {
        let (fixture, _) = try await fixture(keeping: 2)
        try await commit(1...4, fixture)
        #expect(try await count(fixture) == 2)
        _ = fixture.catalog.obsolete.open()
        try await commit(5...9, fixture)
        #expect(try await count(fixture) == 4)
        fixture.catalog.obsolete.close()
        try await commit(10...10, fixture)
        #expect(try await count(fixture) == 4)
        await fixture.catalog.deleteObsoleteFiles()
        #expect(try await count(fixture) == 2)
    }

    @Test("one that waits is nobody's any more")
    func doomed() async throws {
        let (fixture, table) = try await fixture()
        let file = try #require(BlobPath(uri: table.metadataLocation))
        _ = fixture.catalog.obsolete.open()
        try await commit(1...2, fixture)
        #expect(try await fixture.keys().contains(file.key))
        func register() async -> String? {
            await faultCode {
                _ = try await fixture.catalog.registerTable(
                    table.identifier, metadataLocation: table.metadataLocation, in: fixture.warehouse,
                    overwrite: true)
            }
        }
        #expect(await register() == "CAT-209")
        var second = fixture.append(to: try await fixture.load("a"), snapshotID: 3)
        second.checksManifestLists = true
        guard case .addSnapshot(var snapshot) = second.updates[0] else { return }
        snapshot.manifestList = file.uri
        second.updates[0] = .addSnapshot(snapshot)
        #expect(await faultCode { try await fixture.catalog.commit([second]) } == "CAT-207")
        await fixture.catalog.deleteObsoleteFiles()
        #expect(try await !fixture.keys().contains(file.key))
        #expect(await register() == "CAT-209")
        // What comes to be there later is as good as any other.
        _ = try await fixture.memory.put(file, table.metadata.json.serialized(), if: .always)
        #expect(await register() == nil)
    }

    @Test("maintenance deletes them as they come", .timeLimit(.minutes(1)))
    func maintained() async throws {
        let (fixture, _) = try await fixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.catalog.runMaintenance() }
            for id in 1...20 as ClosedRange<Int64> {
                try await commit(id...id, fixture)
                while try await count(fixture) > 2 { await Task.yield() }
            }
            group.cancelAll()
        }
        try await commit(21...21, fixture)
        #expect(try await count(fixture) == 2)
    }
}
