import Blobs
import Effects
import Iceberg
import Metastore
import TestKit
import Testing

@testable import Catalogs

@Suite("Namespaces and warehouses")
struct NamespaceTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws { fixture = try await CatalogFixture() }

    private func code(_ body: () async throws -> Void) async -> CatalogError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? CatalogError)?.code
        }
    }

    @Test("a warehouse is found by its full name and by its bucket")
    func warehouses() async throws {
        #expect(fixture.warehouse.name == "local_lake")
        #expect(try await catalog.warehouse(named: "local_lake") == fixture.warehouse)
        #expect(try await catalog.warehouse(named: "lake") == fixture.warehouse)
        #expect(await code { _ = try await catalog.warehouse(named: "sea") } == .noSuchWarehouse)
        #expect(try await catalog.enableWarehouse(bucket: "lake") == fixture.warehouse)
        #expect(try await catalog.listWarehouses().map(\.name) == ["local_lake"])
    }

    @Test("a name has one spelling, the composed one")
    func spellings() async throws {
        for name in ["e\u{301}", "\u{212B}", "\u{1112}\u{1161}"] {
            #expect(
                await code {
                    try await catalog.createNamespace(Namespace([name]), in: fixture.warehouse)
                } == .invalidName)
        }
        let name = Namespace(["caf\u{E9} \u{D558} 表 🧊"])
        try await catalog.createNamespace(name, in: fixture.warehouse)
        #expect(try await catalog.listNamespaces(in: fixture.warehouse).entries == [name])
        #expect(Namespace(["\u{E9}"]) != Namespace(["e\u{301}"]))
    }

    @Test("a bucket that does not exist gets no catalog")
    func missingBucket() async throws {
        await #expect(throws: BlobsError.self) { _ = try await catalog.enableWarehouse(bucket: "nowhere") }
        #expect(try await catalog.listWarehouses().count == 1)
    }

    @Test("a warehouse switched off keeps its namespaces and is back when switched on")
    func switchesOff() async throws {
        try await catalog.createNamespace(Namespace(["web"]), in: fixture.warehouse)
        try await catalog.disableWarehouse(bucket: "lake")
        #expect(await code { _ = try await catalog.warehouse(named: "lake") } == .warehouseInactive)
        #expect(await code { try await catalog.deleteWarehouse(bucket: "lake") } == .warehouseNotEmpty)
        let again = try await catalog.enableWarehouse(bucket: "lake")
        #expect(try await catalog.listNamespaces(in: again).entries == [Namespace(["web"])])
        try await catalog.dropNamespace(Namespace(["web"]), in: again)
        try await catalog.deleteWarehouse(bucket: "lake")
        #expect(try await catalog.listWarehouses().isEmpty)
    }

    @Test("a namespace is made once, inside one that exists, and keeps its properties")
    func creates() async throws {
        let raw = Namespace(["web", "raw"])
        #expect(
            await code { try await catalog.createNamespace(raw, in: fixture.warehouse) } == .noSuchNamespace)
        try await catalog.createNamespace(Namespace(["web"]), in: fixture.warehouse)
        try await catalog.createNamespace(raw, in: fixture.warehouse, properties: ["owner": "ann"])
        #expect(
            await code { try await catalog.createNamespace(raw, in: fixture.warehouse) } == .alreadyExists)
        #expect(try await catalog.loadNamespace(raw, in: fixture.warehouse).properties == ["owner": "ann"])
        #expect(try await catalog.namespaceExists(raw, in: fixture.warehouse))
        #expect(try await !catalog.namespaceExists(Namespace(["raw"]), in: fixture.warehouse))
        #expect(
            await code { _ = try await catalog.loadNamespace(Namespace(["x"]), in: fixture.warehouse) }
                == .noSuchNamespace)
    }

    @Test(
        "names that paths or the wire cannot carry are refused",
        arguments: [
            [], [""], ["a.b"], ["a/b"], ["a\u{1F}b"], ["a\u{0}"], ["system"], ["System", "x"], ["examples"],
            ["information_schema"], [String(repeating: "n", count: 256)],
        ])
    func badNames(levels: [String]) async {
        #expect(
            await code { try await catalog.createNamespace(Namespace(levels), in: fixture.warehouse) }
                == .invalidName)
    }

    @Test("the fifth level is the last")
    func depth() async throws {
        var levels: [String] = []
        for level in ["a", "b", "c", "d", "e"] {
            levels.append(level)
            try await catalog.createNamespace(Namespace(levels), in: fixture.warehouse)
        }
        #expect(
            await code { try await catalog.createNamespace(Namespace(levels + ["f"]), in: fixture.warehouse) }
                == .limitExceeded)
    }

    @Test("a listing shows one level, and pages put together are the whole")
    func lists() async throws {
        let names = (0..<25).map { "n\($0 < 10 ? "0" : "")\($0)" }
        try await catalog.createNamespace(Namespace(["é"]), in: fixture.warehouse)
        for name in names { try await catalog.createNamespace(Namespace([name]), in: fixture.warehouse) }
        for name in names {
            try await catalog.createNamespace(Namespace(["é", name]), in: fixture.warehouse)
        }
        let top = try await catalog.listNamespaces(in: fixture.warehouse)
        #expect(top.entries.map(\.levels) == (names + ["é"]).map { [$0] } && top.nextToken == nil)
        for size in [1, 7, 25, 26] {
            var found: [Namespace] = []
            var after: String?
            repeat {
                let page = try await catalog.listNamespaces(
                    in: fixture.warehouse, parent: Namespace(["é"]), page: .part(after: after, size: size))
                #expect(page.entries.count <= size)
                found += page.entries
                after = try page.nextToken.map { try PageToken.decode($0) }
            } while after != nil
            #expect(found.map(\.levels) == names.map { ["é", $0] })
        }
        #expect(
            await code {
                _ = try await catalog.listNamespaces(in: fixture.warehouse, parent: Namespace(["no"]))
            }
                == .noSuchNamespace)
    }

    @Test("a page token of somebody else is refused", arguments: ["", "x", "1.***", "2.YQ=="])
    func foreignToken(token: String) {
        #expect(throws: CatalogError.self) { try PageToken.decode(token) }
    }

    @Test("properties are set, removed and missed; both at once is refused")
    func properties() async throws {
        let web = Namespace(["web"])
        try await catalog.createNamespace(web, in: fixture.warehouse, properties: ["a": "1", "b": "2"])
        let changes = try await catalog.updateNamespaceProperties(
            web, in: fixture.warehouse, set: ["a": "9", "c": ""], remove: ["b", "x"])
        #expect(changes == NamespacePropertyChanges(updated: ["a", "c"], removed: ["b"], missing: ["x"]))
        #expect(
            try await catalog.loadNamespace(web, in: fixture.warehouse).properties == ["a": "9", "c": ""])
        #expect(
            await code {
                _ = try await catalog.updateNamespaceProperties(
                    web, in: fixture.warehouse, set: ["a": "1"], remove: ["a"])
            } == .contradictoryProperties)
        let long = String(repeating: "v", count: 1 << 17)
        #expect(
            await code {
                _ = try await catalog.updateNamespaceProperties(
                    web, in: fixture.warehouse, set: ["l": long], remove: ["a"])
            } == .limitExceeded)
        #expect(try await catalog.loadNamespace(web, in: fixture.warehouse).properties["a"] == "9")
    }

    @Test("only an empty namespace is dropped, unless everything inside may go too")
    func drops() async throws {
        for levels in [["a"], ["a", "b"], ["a", "b", "c"], ["ab"]] {
            try await catalog.createNamespace(Namespace(levels), in: fixture.warehouse)
        }
        #expect(
            await code { try await catalog.dropNamespace(Namespace(["a"]), in: fixture.warehouse) }
                == .namespaceNotEmpty)
        try await catalog.dropNamespace(Namespace(["a"]), in: fixture.warehouse, cascade: true)
        #expect(try await catalog.listNamespaces(in: fixture.warehouse).entries == [Namespace(["ab"])])
        #expect(
            await code { try await catalog.dropNamespace(Namespace(["a"]), in: fixture.warehouse) }
                == .noSuchNamespace)
    }

    @Test("two who create the same namespace at once: one does")
    func race() async throws {
        let catalog = catalog
        let warehouse = fixture.warehouse
        let made = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        try await catalog.createNamespace(Namespace(["web"]), in: warehouse)
                        return true
                    } catch { return false }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(made == 1)
    }
}
