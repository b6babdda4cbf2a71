import Iceberg
import Testing

@testable import Catalogs

@Suite("Bounds of commits")
struct CommitBoundsTests {
    @Test("a commit of too many updates, or too many that look at all columns, is refused")
    func bounds() async throws {
        var limits = CatalogLimits()
        limits.updatesPerRequest = 40
        limits.structureUpdatesPerRequest = 5
        let fixture = try await CatalogFixture(limits: limits)
        let table = try await fixture.create("a")
        func commit(_ update: TableUpdate, _ count: Int) async -> String? {
            await faultCode {
                try await fixture.catalog.commit([
                    TableCommit(
                        warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
                        updates: Array(repeating: update, count: count))
                ])
            }
        }
        #expect(await commit(.setProperties(["a": "b"]), 40) == nil)
        #expect(await commit(.setProperties(["a": "b"]), 41) == "CAT-202")
        #expect(await commit(.setCurrentSchema(0), 15) == nil)
        #expect(await commit(.setCurrentSchema(0), 16) == "CAT-202")
    }
}
