import Blobs
import Effects
import Iceberg
import JSONText
import Metastore
import TestKit
import Testing

@testable import Catalogs

@Suite("Tables of a catalog")
struct TableTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws { fixture = try await CatalogFixture() }

    @Test("a created table is there, with its metadata file inside its own location")
    func creates() async throws {
        let table = try await fixture.create("clicks", properties: ["owner": "ann"])
        #expect(table.version == 1 && table.metadata.properties == ["owner": "ann"])
        #expect(table.metadata.location.hasPrefix("s3://lake/__firn/web/clicks-"))
        #expect(table.metadataLocation.hasPrefix(table.metadata.location + "/metadata/00000-"))
        let loaded = try await fixture.load("clicks")
        #expect(loaded.metadata == table.metadata && loaded.metadataLocation == table.metadataLocation)
        #expect(try await catalog.tableExists(fixture.identifier("clicks"), in: fixture.warehouse))
        #expect(try await !catalog.tableExists(fixture.identifier("click"), in: fixture.warehouse))
    }

    @Test("what the cache holds is what the file holds")
    func readsFile() async throws {
        let table = try await fixture.create("clicks")
        let cold = Catalog(metastore: fixture.metastore, store: fixture.store, clock: fixture.clock)
        let loaded = try await cold.loadTable(table.identifier, in: fixture.warehouse)
        #expect(loaded.metadata == table.metadata)
    }

    @Test("a table needs its namespace, a free name and a good one")
    func refusesNames() async throws {
        #expect(
            await faultCode { _ = try await catalog.createTable(fixture.request("a"), in: fixture.warehouse) }
                == "CAT-102")
        try await fixture.create("a")
        #expect(await faultCode { try await fixture.create("a") } == "CAT-104")
        for name in ["", "a.b", "a/b", "a\u{1F}"] {
            #expect(await faultCode { try await fixture.create(name) } == "CAT-201")
        }
        #expect(await faultCode { _ = try await fixture.load("b") } == "CAT-103")
        #expect(try await fixture.keys().count == 1)
    }

    @Test("a staged table takes no name and leaves no file; its commit creates it")
    func stages() async throws {
        try await catalog.createNamespace(fixture.web, in: fixture.warehouse)
        let staged = try await catalog.stageTable(fixture.request("clicks"), in: fixture.warehouse)
        #expect(try await fixture.keys().isEmpty)
        #expect(try await !catalog.tableExists(fixture.identifier("clicks"), in: fixture.warehouse))
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: fixture.identifier("clicks"), requirements: [.create],
            updates: [
                .assignUUID(staged.uuid.description), .upgradeFormatVersion(2),
                .addSchema(staged.currentSchema, lastColumnID: nil), .setCurrentSchema(-1),
                .addSpec(.unpartitioned), .setDefaultSpec(-1), .addSortOrder(.unsorted),
                .setDefaultSortOrder(-1),
                .setLocation(staged.location), .setProperties(["a": "b"]),
            ])
        let table = try #require(try await catalog.commit([commit]).first)
        #expect(table.metadata.uuid == staged.uuid && table.metadata.location == staged.location)
        #expect(try await fixture.load("clicks").metadata.properties == ["a": "b"])
        #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-104")
    }

    @Test("a commit to a table that does not exist says so unless it creates")
    func commitsToNothing() async throws {
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: fixture.identifier("no"), requirements: [],
            updates: [.setProperties(["a": "b"])])
        #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-103")
    }

    @Test("a renamed table keeps its place, and another can take the old name")
    func renames() async throws {
        let old = try await fixture.create("old")
        try await catalog.createNamespace(Namespace(["shop"]), in: fixture.warehouse)
        let target = TableIdentifier(namespace: Namespace(["shop"]), name: "new")
        try await catalog.renameTable(old.identifier, to: target, in: fixture.warehouse)
        #expect(try await catalog.loadTable(target, in: fixture.warehouse).metadata == old.metadata)
        #expect(await faultCode { _ = try await fixture.load("old") } == "CAT-103")
        let again = try await fixture.create("old")
        #expect(again.metadata.location != old.metadata.location)
        #expect(
            await faultCode {
                try await catalog.renameTable(target, to: again.identifier, in: fixture.warehouse)
            }
                == "CAT-104")
        #expect(
            await faultCode {
                try await catalog.renameTable(
                    target, to: TableIdentifier(namespace: Namespace(["no"]), name: "x"),
                    in: fixture.warehouse)
            } == "CAT-102")
    }

    @Test("dropping keeps the files, purging deletes those of the table and no others")
    func drops() async throws {
        let first = try await fixture.create("a", location: "s3://lake/t/a")
        try await fixture.create("ab", location: "s3://lake/t/ab")
        try await catalog.dropTable(first.identifier, in: fixture.warehouse)
        #expect(try await fixture.keys().count == 2)
        try await fixture.create("a", location: "s3://lake/t/a")
        try await catalog.dropTable(first.identifier, in: fixture.warehouse, purge: true)
        #expect(try await fixture.keys().allSatisfy { $0.hasPrefix("t/ab/") })
        #expect(
            await faultCode { try await catalog.dropTable(first.identifier, in: fixture.warehouse) }
                == "CAT-103")
        #expect(try await fixture.load("ab").version == 1)
    }

    @Test("metadata files are compressed when the table asks for it")
    func compresses() async throws {
        let table = try await fixture.create("a", properties: ["write.metadata.compression-codec": "gzip"])
        #expect(table.metadataLocation.hasSuffix(".gz.metadata.json"))
        let path = try #require(BlobPath(uri: table.metadataLocation))
        let bytes = try await fixture.memory.read(path)
        #expect(bytes.starts(with: [0x1F, 0x8B]))
        let other = Catalog(metastore: fixture.metastore, store: fixture.memory, clock: fixture.clock)
        let read = try await other.loadTable(table.identifier, in: fixture.warehouse)
        #expect(read.metadata == table.metadata)
        #expect(try await other.metadataText(of: read) == table.metadata.json.serialized())
    }

    @Test("tables are listed by name, a page at a time")
    func lists() async throws {
        for name in ["c", "a", "b"] { try await fixture.create(name) }
        let all = try await catalog.listTables(in: fixture.web, of: fixture.warehouse)
        #expect(all.entries.map(\.name) == ["a", "b", "c"] && all.nextToken == nil)
        let page = try await catalog.listTables(
            in: fixture.web, of: fixture.warehouse, page: .part(after: nil, size: 2))
        let token = try #require(page.nextToken)
        let rest = try await catalog.listTables(
            in: fixture.web, of: fixture.warehouse, page: .part(after: PageToken.decode(token), size: 2))
        #expect((page.entries + rest.entries).map(\.name) == ["a", "b", "c"] && rest.nextToken == nil)
    }

    @Test("a table can be forgotten and registered again from its metadata file")
    func registers() async throws {
        let table = try await fixture.create("a")
        let target = fixture.identifier("b")
        #expect(
            await faultCode {
                _ = try await catalog.registerTable(
                    target, metadataLocation: table.metadataLocation, in: fixture.warehouse)
            } == "CAT-104")
        try await catalog.dropTable(table.identifier, in: fixture.warehouse)
        let again = try await catalog.registerTable(
            target, metadataLocation: table.metadataLocation, in: fixture.warehouse)
        #expect(again.uuid == table.uuid)
        #expect(try await fixture.load("b").metadataLocation == table.metadataLocation)
    }

    @Test("metadata that lies about where it is cannot be registered")
    func registersOnlyItsOwn() async throws {
        let table = try await fixture.create("a")
        try await catalog.dropTable(table.identifier, in: fixture.warehouse)
        let bytes = try await fixture.memory.read(#require(BlobPath(uri: table.metadataLocation)))
        let elsewhere = BlobPath(bucket: "lake", key: "somewhere/v1.metadata.json")
        let otherBucket = BlobPath(bucket: "sea", key: "t/v1.metadata.json")
        let garbage = BlobPath(bucket: "lake", key: "t/metadata/garbage.json")
        for path in [elsewhere, otherBucket] { _ = try await fixture.memory.put(path, bytes, if: .always) }
        _ = try await fixture.memory.put(garbage, Array("{\"format-version\": 2".utf8), if: .always)
        for (path, code) in [
            (elsewhere.uri, "CAT-205"), (otherBucket.uri, "CAT-205"), (garbage.uri, "CAT-209"),
            ("s3://lake/none.json", "CAT-209"), ("file:///etc/passwd", "ICE-108"),
        ] {
            let found = await faultCode {
                _ = try await catalog.registerTable(
                    fixture.identifier("b"), metadataLocation: path, in: fixture.warehouse)
            }
            #expect(found == code, "\(path)")
        }
    }

    @Test("a metadata file that is gone or damaged is an error, not an empty table")
    func damaged() async throws {
        let table = try await fixture.create("a")
        let path = try #require(BlobPath(uri: table.metadataLocation))
        let cold = Catalog(metastore: fixture.metastore, store: fixture.store, clock: fixture.clock)
        _ = try await fixture.memory.put(path, Array("{}".utf8), if: .always)
        #expect(
            await faultCode { _ = try await cold.loadTable(table.identifier, in: fixture.warehouse) }
                == "CAT-401")
        try await fixture.memory.delete([path])
        #expect(
            await faultCode { _ = try await cold.loadTable(table.identifier, in: fixture.warehouse) }
                == "CAT-401")
    }
}
