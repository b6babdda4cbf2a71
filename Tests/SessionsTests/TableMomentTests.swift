import Catalogs
import Columnar
import Iceberg
import Planner
import SQLSyntax
import Scheduling
import Testing

@testable import Sessions

/// A query over several tables reads them as of one moment.
@Suite struct TableMomentTests {
    private func request(_ sql: String) -> StatementRequest {
        var request = StatementRequest(sql: sql, warehouse: "lake")
        request.namespace = ["web"]
        return request
    }

    private func find(
        _ sql: String, in fixture: SessionFixture
    ) async throws -> TableCatalogue {
        guard case .query(let query) = try SQLParser.statement(sql) else { preconditionFailure("a query") }
        let planning = try await fixture.session.planning(
            of: query, in: fixture.warehouse, request(sql))
        return planning.tables
    }

    private func locations(_ catalogue: TableCatalogue) -> Set<String> {
        Set(catalogue.tables.map(\.metadataLocation))
    }

    @Test func tablesThatMoveWhileAQueryFindsThemAreReadAgainTogether() async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.rows("CREATE TABLE web.copies (id BIGINT)")
        _ = try await fixture.rows("CREATE VIEW web.seen AS SELECT id FROM web.copies")
        let sql = "SELECT * FROM clicks JOIN seen ON clicks.id = seen.id"
        let before = try await find(sql, in: fixture)
        #expect(locations(before).count == 2)
        func moved() async throws -> TableMoment? {
            try await TableMoment.moved(since: before, fixture.catalog, fixture.warehouse)
        }
        #expect(try await moved() == nil)
        _ = try await fixture.rows("INSERT INTO web.copies SELECT 1")
        let moment = try #require(try await moved())
        _ = try await fixture.rows("INSERT INTO web.copies SELECT 2")
        // What is found from then on is what the moment has, not what came later.
        let resolver = TableResolver(
            catalog: fixture.catalog, warehouse: fixture.warehouse, request: request(sql),
            moment: moment)
        for name in ["clicks", "copies"] {
            let table = TableIdentifier(namespace: Namespace(["web"]), name: name)
            let loaded = try await resolver.load(QualifiedName([Identifier(name)]))
            #expect(loaded.metadataLocation == moment[table]?.metadataLocation)
        }
        let after = try await find(sql, in: fixture)
        #expect(locations(after) != locations(before))
        #expect(!locations(after).contains(moment[copies]?.metadataLocation ?? ""))
    }

    private let copies = TableIdentifier(namespace: Namespace(["web"]), name: "copies")

    /// As where something is committed after the one and before the other is found.
    @Test(arguments: [false, true], ["clicks, seen", "clicks, seen, copies"])
    func aTableThatIsFoundTwiceIsTheSameBothTimes(isDirectOlder: Bool, tables: String) async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.rows("CREATE TABLE web.copies (id BIGINT)")
        _ = try await fixture.rows("CREATE VIEW web.seen AS SELECT id FROM web.clicks")
        let sql = "SELECT 1 FROM " + tables.replacing(", ", with: " CROSS JOIN ")
        let name = QualifiedName([Identifier("clicks")])
        let older = try await find(sql, in: fixture)
        #expect(try await TableMoment.moved(since: older, fixture.catalog, fixture.warehouse) == nil)
        _ = try await fixture.rows("INSERT INTO web.clicks SELECT 1, 'x', NULL")
        let newer = try await find(sql, in: fixture)
        var mixed = isDirectOlder ? newer : older
        mixed[name] = isDirectOlder ? older[name] : newer[name]
        let moment = try #require(
            try await TableMoment.moved(since: mixed, fixture.catalog, fixture.warehouse))
        let clicks = TableIdentifier(namespace: Namespace(["web"]), name: "clicks")
        #expect(moment[clicks]?.metadataLocation == newer[name]?.metadataLocation)
    }

    @Test func oneTableIsOneMomentByItself() async throws {
        let fixture = try await SessionFixture()
        let found = try await find("SELECT * FROM clicks AS a JOIN clicks AS b ON a.id = b.id", in: fixture)
        _ = try await fixture.rows("INSERT INTO web.clicks SELECT 1, 'x', NULL")
        #expect(try await TableMoment.moved(since: found, fixture.catalog, fixture.warehouse) == nil)
    }
}
