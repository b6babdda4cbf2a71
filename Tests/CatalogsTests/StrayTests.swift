import Blobs
import Iceberg
import JSONText
import Scheduling
import TestKit
import Testing

@testable import Catalogs

@Suite("Strays of a bucket")
struct StrayTests {
    private let fixture: CatalogFixture
    init() async throws { fixture = try await CatalogFixture() }

    private func put(_ key: String) async throws {
        _ = try await fixture.memory.put(BlobPath(bucket: "lake", key: key), [1], if: .always)
    }

    private func strays() async throws -> StrayReport {
        try await fixture.catalog.strays(in: fixture.warehouse, cancellation: CancellationToken())
    }

    @Test(
        "what looks like a table's and lies in no table's, view's or purge's place is listed, and nothing else"
    )
    func lists() async throws {
        try await fixture.create("a")
        try await fixture.create("b", location: "s3://lake/web/b")
        let version = ViewVersion(
            schemaID: 0, summary: [:],
            representations: [ViewRepresentation(sql: "SELECT 1", dialect: "firn")],
            defaultNamespace: fixture.web, at: 1)
        _ = try await fixture.catalog.createView(
            CreateView(identifier: fixture.identifier("v"), schema: CatalogFixture.schema, version: version),
            in: fixture.warehouse)
        let purged = try await fixture.create("c", location: "s3://lake/web/c")
        fixture.store.failNext(.delete)
        try await fixture.catalog.dropTable(purged.identifier, in: fixture.warehouse, purge: true)
        for key in [
            "web/b/data/metadata/1.metadata.json", "web/c/metadata/2.metadata.json", "metadata.json",
            "x.metadata.json", "web/d/metadata/readme.txt", "web/d/data/0.parquet", "other/__firn/x",
        ] { try await put(key) }
        #expect(try await strays().strays == [])
        let expected = [
            "__firn/web/a-000000000000/metadata/00000-x.metadata.json", "__firn/zzz",
            "metadata/0.metadata.json", "web/bb/metadata/0.gz.metadata.json",
            "web/d/metadata/0.metadata.json.gz",
        ]
        for key in expected { try await put(key) }
        let report = try await strays()
        #expect(report.strays == expected.map { "s3://lake/\($0)" } && report.strayCount == 5)
        #expect(report.objects == (try await fixture.keys().count))
        try await fixture.catalog.dropTable(fixture.identifier("b"), in: fixture.warehouse, purge: false)
        #expect(try await strays().strayCount == 7)
    }

    @Test("of many strays the first thousand are listed and all counted, over pages and among tables")
    func bounds() async throws {
        let table = try await fixture.create("m", location: "s3://lake/m")
        for number in 0..<1500 {
            try await put("l\(1000 + number)/metadata/0.metadata.json")
            try await put("m/data/\(number).parquet")
            try await put("m/metadata/\(number).metadata.json")
        }
        try await put("n/metadata/0.metadata.json")
        let report = try await strays()
        #expect(report.strayCount == 1501 && report.strays.count == 1000)
        #expect(report.objects == 4502 && table.metadataLocation.hasPrefix("s3://lake/m/"))
        #expect(report.json["stray_count"] == 1501)
    }
}
