import Blobs
import Effects
import Iceberg
import Metastore
import TestKit
import Testing

@testable import Catalogs

@Suite("A table's location")
struct LocationTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws {
        fixture = try await CatalogFixture()
        try await fixture.create("owner", location: "s3://lake/a/b")
    }

    @Test(
        "overlaps no other table's, however it is spelled",
        arguments: [
            "s3://lake/a/b", "s3://lake/a/b/", "s3a://lake/a/b", "s3n://lake/a/b//", "s3://lake/a",
            "s3://lake/a/b/c",
            "s3://lake/a/b/c/d/e", "s3://lake/a/b/metadata",
        ])
    func overlaps(location: String) async throws {
        #expect(await faultCode { try await fixture.create("thief", location: location) } == "CAT-206")
        #expect(
            await faultCode {
                _ = try await catalog.stageTable(
                    fixture.request("thief", location: location), in: fixture.warehouse)
            } == "CAT-206")
        #expect(try await fixture.keys().count == 1)
    }

    @Test(
        "may lie beside another table's",
        arguments: [
            "s3://lake/a/bc", "s3://lake/a/B", "s3://lake/b", "s3://lake/a/b0", "s3://lake/a/b-c",
            "s3://lake/ab",
        ])
    func beside(location: String) async throws {
        #expect(try await fixture.create("neighbour", location: location).metadata.location == location)
    }

    @Test(
        "lies inside the warehouse's bucket and is the same place to every reader",
        arguments: [
            ("s3://sea/a", "CAT-205"), ("s3://lake", "ICE-108"), ("s3://lake/", "ICE-108"),
            ("s3://lake//", "ICE-108"),
            ("file:///tmp/a", "ICE-108"), ("s3://lake/x/../a/b", "ICE-108"),
            ("s3://lake/x/%2e%2E/a/b", "ICE-108"),
            ("s3://lake/./a", "ICE-108"), ("lake/a", "ICE-108"), ("", "ICE-108"),
            ("s3://lake/a\u{0}b", "ICE-108"),
            ("s3://lake/" + String(repeating: "x", count: 800), "CAT-202"),
        ])
    func outside(location: String, code: String) async throws {
        #expect(await faultCode { try await fixture.create("t", location: location) } == code)
    }

    @Test("of a create transaction is checked when it commits")
    func createTransaction() async throws {
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: fixture.identifier("thief"), requirements: [.create],
            updates: [
                .addSchema(CatalogFixture.schema, lastColumnID: nil), .setCurrentSchema(-1),
                .setLocation("s3://lake/a/b/data"),
            ])
        #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-206")
        var free = commit
        free.updates[2] = TableUpdate.setLocation("s3://lake/free")
        let both = await faultCode {
            var twin = free
            twin.identifier = fixture.identifier("twin")
            try await catalog.commit([free, twin])
        }
        #expect(both == "CAT-206")
        #expect(try await catalog.listTables(in: fixture.web, of: fixture.warehouse).entries.count == 1)
        #expect(try await fixture.keys().count == 1)
    }

    @Test("never changes, because the files would stay behind")
    func moves() async throws {
        let table = try await fixture.load("owner")
        func commit(_ location: String) -> TableCommit {
            TableCommit(
                warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
                updates: [.setLocation(location)])
        }
        #expect(await faultCode { try await catalog.commit([commit("s3://lake/z")]) } == "CAT-207")
        #expect(await faultCode { try await catalog.commit([commit("s3://sea/z")]) } == "CAT-207")
        #expect(try await catalog.commit([commit("s3://lake/a/b/")])[0].metadata.location == "s3://lake/a/b")
    }

    @Test("a staged table's place is its own until the table was made, whatever became of it")
    func staged() async throws {
        let staged = try await catalog.stageTable(fixture.request("s"), in: fixture.warehouse)
        func mayUse() async throws -> Bool {
            try await catalog.hasTable(
                uuid: staged.uuid.description, at: staged.location, isStaged: true)
        }
        let key = try TableLocation(staged.location).key
        for name in ["metadata/00000000-m0.avro", "data/a.parquet"] {
            _ = try await fixture.memory.put(
                BlobPath(bucket: "lake", key: "\(key)/\(name)"), [1], if: .always)
        }
        #expect(try await mayUse())
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: fixture.identifier("s"), requirements: [.create],
            updates: [
                .assignUUID(staged.uuid.description), .addSchema(staged.currentSchema, lastColumnID: nil),
                .setCurrentSchema(-1), .setLocation(staged.location),
            ])
        try await catalog.commit([commit])
        #expect(try await mayUse())
        try await catalog.dropTable(fixture.identifier("s"), in: fixture.warehouse)
        #expect(try await !mayUse())
    }

    @Test("only the default place of a table's own name is its own")
    func ownPlace() {
        let table = fixture.identifier("a")
        func isOwn(_ rest: String, _ table: TableIdentifier) -> Bool {
            DefaultLocation.mayHold("s3://lake/__firn/web/\(rest)", of: table, in: fixture.warehouse)
        }
        #expect(isOwn("a-0123456789ab/metadata/v.json", table))
        for other in [
            "a-b-0123456789ab/metadata/v.json", "a-0123456789ab", "a-0123456789abc/v.json", "a-/v.json",
            "a-012345678-ab/v.json",
        ] {
            #expect(!isOwn(other, table), "\(other)")
        }
        #expect(!isOwn("_-0123456789ab/metadata/v.json", fixture.identifier("\u{E9}")))
    }

    @Test("two names never share a default place, however they are spelt")
    func places() throws {
        let uuid = UniqueID(high: 1, low: 2)
        let long = String(repeating: "n", count: 64)
        let names = ["p q", "p_q", "p-q", "p!q", "\u{E9}", "_", long, long + "a", long + "b", "e "]
        var places: Set<String> = []
        for name in names {
            for table in [
                fixture.identifier(name), TableIdentifier(namespace: Namespace([name]), name: "t"),
            ] {
                let place = DefaultLocation.text(for: table, uuid: uuid, in: fixture.warehouse)
                #expect(places.insert(place).inserted, "\(place)")
                let location = try TableLocation(place)
                #expect(DefaultLocation.isOwn(location, of: table, uuid: uuid, in: fixture.warehouse))
                #expect(DefaultLocation.mayHold(place + "/v", of: table, in: fixture.warehouse))
                #expect(location.key.split(separator: "/").allSatisfy { $0.utf8.count <= 64 + 13 })
            }
        }
        #expect(
            DefaultLocation.text(for: fixture.identifier("p_q-1"), uuid: uuid, in: fixture.warehouse)
                == "s3://lake/__firn/web/p_q-1-000000000002")
    }

    @Test("whose a place or a uuid is that is taken is not told")
    func silent() async throws {
        do {
            try await fixture.create("x", location: "s3://lake/a")
        } catch {
            #expect(!"\(error)".contains("s3://lake/a/b"))
        }
    }

    @Test("is of bytes: another spelling of a letter is another place")
    func spelling() async throws {
        let table = try await fixture.create("e", location: "s3://lake/\u{E9}")
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
            updates: [.setLocation("s3://lake/e\u{301}")])
        #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-207")
    }

    @Test("overlaps by bytes: letters that join with a slash to one character hide no table")
    func joiningLetters() async throws {
        for inside in ["s3://lake/a/b/\u{338}c", "s3://lake/a/b/c/\u{301}"] {
            #expect(await faultCode { try await fixture.create("inner", location: inside) } == "CAT-206")
        }
        try await fixture.create("deep", location: "s3://lake/x\u{600}/y")
        for around in ["s3://lake/x\u{600}", "s3://lake/x\u{600}/", "s3://lake/x\u{600}//"] {
            #expect(await faultCode { try await fixture.create("outer", location: around) } == "CAT-206")
        }
    }

    @Test("holds every file the metadata names and every folder the properties choose")
    func paths() async throws {
        let table = try await fixture.load("owner")
        for name in [
            "write.data.path", "write.metadata.path", "write.object-storage.path",
            "write.folder-storage.path",
        ] {
            func commit(_ path: String) -> TableCommit {
                TableCommit(
                    warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
                    updates: [.setProperties([name: path])])
            }
            #expect(await faultCode { try await catalog.commit([commit("s3://lake/other")]) } == "CAT-205")
            #expect(await faultCode { try await catalog.commit([commit("s3://lake/a/b/in")]) } == nil)
            #expect(
                await faultCode { try await fixture.create("x", properties: [name: "s3://lake/a/b/in"]) }
                    == "CAT-205")
        }
        var stolen = fixture.append(to: table, snapshotID: 1)
        guard case .addSnapshot(var snapshot) = stolen.updates[0] else { return }
        snapshot.manifestList = "s3://lake/other/secret.avro"
        stolen.updates[0] = .addSnapshot(snapshot)
        #expect(await faultCode { try await catalog.commit([stolen]) } == "CAT-205")
        let real = try await catalog.commit([fixture.append(to: table, snapshotID: 1)])[0]
        stolen.requirements = []
        stolen.updates.insert(.removeSnapshots([1]), at: 0)
        snapshot.sequenceNumber = real.metadata.lastSequenceNumber + 1
        stolen.updates[1] = .addSnapshot(snapshot)
        #expect(await faultCode { try await catalog.commit([stolen]) } == "CAT-205")
    }
}
