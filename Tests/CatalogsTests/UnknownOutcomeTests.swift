import Effects
import Faults
import Iceberg
import Metastore
import TestKit
import Testing

@testable import Catalogs

/// Each test is a process of its own: it takes the disk away from everybody in it.
@Suite("Commits whose outcome nobody knows")
struct UnknownOutcomeTests {
    @Test("are reported as such, and keep the files that may be in use")
    func keepsFiles() async {
        await #expect(processExitsWith: .success) {
            let fixture = try await CatalogFixture()
            let table = try await fixture.create("a")
            let before = try await fixture.keys()
            try FileSizeLimit.set(0)
            let code = await faultCode {
                try await fixture.catalog.commit([fixture.append(to: table, snapshotID: 1)])
            }
            try FileSizeLimit.lift()
            try #require(code == "CAT-303")
            try #require(try await fixture.keys().count == before.count + 1)
            try #require(try await fixture.load("a").version == 1)
        }
    }

    @Test("creating a table is no other commit")
    func creation() async {
        await #expect(processExitsWith: .success) {
            let fixture = try await CatalogFixture()
            try await fixture.create("a")
            try FileSizeLimit.set(0)
            let code = await faultCode { try await fixture.create("b") }
            try FileSizeLimit.lift()
            try #require(code == "CAT-303")
            try #require(await faultCode { _ = try await fixture.load("b") } == "CAT-103")
        }
    }
}
