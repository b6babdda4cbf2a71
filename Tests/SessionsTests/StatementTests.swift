import Blobs
import Catalogs
import Columnar
import Faults
import Iceberg
import Kernels
import Planner
import Scheduling
import Tables
import TestKit
import Testing

@testable import Sessions

@Suite("Statements about the catalog")
struct StatementTests {
    @Test("namespaces are created, shown and dropped")
    func namespaces() async throws {
        let fixture = try await SessionFixture()
        #expect(try await fixture.texts("CREATE NAMESPACE raw") == ["created"])
        #expect(try await fixture.texts("CREATE NAMESPACE IF NOT EXISTS raw") == ["exists"])
        #expect(try await fixture.texts("CREATE SCHEMA raw.inner") == ["created"])
        #expect(try await fixture.texts("SHOW NAMESPACES") == ["raw", "raw.\"inner\"", "web"])
        #expect(try await fixture.texts("SHOW DATABASES LIKE 'w%'") == ["web"])
        await #expect(throws: CatalogError.self) { try await fixture.texts("CREATE NAMESPACE raw") }
        await #expect(throws: CatalogError.self) { try await fixture.texts("DROP NAMESPACE raw") }
        #expect(try await fixture.texts("DROP NAMESPACE raw CASCADE") == ["dropped"])
        #expect(try await fixture.texts("DROP NAMESPACE IF EXISTS raw") == ["absent"])
        #expect(try await fixture.texts("SHOW SCHEMAS") == ["web"])
    }

    @Test("tables are shown and described")
    func tables() async throws {
        let fixture = try await SessionFixture()
        #expect(try await fixture.texts("SHOW TABLES IN web") == ["clicks | web"])
        #expect(try await fixture.texts("SHOW TABLES IN WEB") == ["clicks | web"])
        #expect(
            try await fixture.texts("DESCRIBE web.clicks") == [
                "id | long | NO | - | -", "url | string | YES | - | where", "at | timestamptz | YES | - | -",
            ])
        await #expect(throws: SessionsError.self) { try await fixture.texts("SHOW TABLES") }
    }

    /// A long query would hold one of the few cooperative threads for seconds.
    @Test("statements are planned on the morsel pool, and long ones parsed there")
    func planningIsWorkForThePool() async throws {
        let pool = MorselPool(threads: 1)
        pool.stop()
        let fixture = try await SessionFixture(morsels: pool)
        let long = "SHOW NAMESPACES /* " + String(repeating: "long ", count: 1000) + "*/"
        for sql in [
            "EXPLAIN SELECT 1", "CREATE VIEW web.v AS SELECT id FROM web.clicks",
            "INSERT INTO web.clicks SELECT * FROM web.clicks", "CREATE TABLE web.t AS SELECT 1 AS a", long,
        ] {
            let fault = await #expect(throws: SchedulingError.self, "\(sql.prefix(40))") {
                _ = try await fixture.rows(sql)
            }
            #expect(fault?.code == .stopped)
        }
        #expect(try await fixture.texts("SHOW NAMESPACES") == ["web"])
    }

    @Test("a view that kept its star is refused when it stands for other columns")
    func movedStar() async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.texts("CREATE TABLE web.t (b INT, a INT)")
        _ = try await fixture.texts("INSERT INTO web.t VALUES (2, 1)")
        for (name, columns) in [("same", ["b", "a"]), ("named", ["x", "y"]), ("half", ["b", "z"])] {
            let fields = columns.enumerated().map { Field(id: $0 + 1, $1, .int) }
            let version = ViewVersion(
                schemaID: -1, summary: [:],
                representations: [ViewRepresentation(sql: "SELECT * FROM web.t", dialect: "spark")],
                defaultNamespace: Namespace(["web"]), at: 0)
            _ = try await fixture.catalog.createView(
                CreateView(
                    identifier: TableIdentifier(namespace: Namespace(["web"]), name: name),
                    schema: IcebergSchema(fields: fields), version: version), in: fixture.warehouse)
        }
        #expect(try await fixture.texts("SELECT b, a FROM web.same") == ["2 | 1"])
        #expect(try await fixture.texts("SELECT b, z FROM web.half") == ["2 | 1"])
        _ = try await fixture.texts("ALTER TABLE web.t ALTER COLUMN a FIRST")
        let fault = await #expect(throws: PlannerError.self) {
            try await fixture.texts("SELECT b FROM web.same")
        }
        #expect(fault?.code == .brokenView && fault?.message.contains("other columns") == true)
        #expect(try await fixture.texts("SELECT x FROM web.named") == ["1"])
    }

    @Test("a new column's name is short and can be seen")
    func columnNames() async throws {
        let fixture = try await SessionFixture()
        let long = String(repeating: "x", count: 256)
        for name in [long, "a\nb", "a\u{7}"] {
            let made = await #expect(throws: PlannerError.self) {
                try await fixture.texts("CREATE TABLE web.t (\"\(name)\" BIGINT)")
            }
            #expect(made?.code == .invalidName && made?.place != nil)
            let renamed = await #expect(throws: SessionsError.self) {
                try await fixture.texts("ALTER TABLE web.clicks RENAME COLUMN url TO \"\(name)\"")
            }
            #expect(renamed?.code == .changeForbidden)
        }
        _ = try await fixture.texts("CREATE TABLE web.t (\"\(long.dropLast())\" BIGINT)")
    }

    @Test("EXPLAIN shows the plan, as text and as JSON")
    func explain() async throws {
        let fixture = try await SessionFixture()
        #expect(
            try await fixture.texts("EXPLAIN SELECT url FROM Web.Clicks WHERE id > 5 LIMIT 2") == [
                "Project: url", "  Limit: count=2",
                "    Scan: table=web.clicks, fields=[id, url], snapshot=none, filter=id > 5, limit=2",
            ])
        let json = try await fixture.texts("EXPLAIN FORMAT JSON SELECT 1 AS one")
        #expect(json.count == 1)
        #expect(json[0].contains("\"node\": \"Project\""))
        #expect(try await fixture.rows("EXPLAIN SELECT id FROM clicks", namespace: ["web"]).count == 1)
    }

    @Test("EXPLAIN PASSES shows the bound plan, the plan after each pass that changed it, and the operators")
    func explainPasses() async throws {
        let fixture = try await SessionFixture()
        let sql = "SELECT id FROM web.clicks WHERE EXISTS (SELECT 1) AND id > 2 + 3"
        let lines = try await fixture.texts("EXPLAIN PASSES \(sql)")
        let passes = lines.map { $0.prefix { $0 != " " } }
        #expect(passes.first == "bind_and_decorrelate" && passes.last == "choose_operators")
        #expect(passes.contains("fold_constants") && passes.contains("push_filters"))
        // The bound plan has the sum, and no subquery: binding made a join of it.
        let bound = lines.filter { $0.hasPrefix("bind_and_decorrelate") }
        #expect(bound.contains { $0.contains("2 + 3") } && bound.contains { $0.contains("Join: kind=semi") })
        #expect(lines.contains { $0.hasPrefix("fold_constants") && $0.contains("id > 5") })
        let without = try await fixture.texts(
            "SET disabled_passes = 'fold_constants'; EXPLAIN (PASSES) \(sql)")
        #expect(
            !without.contains { $0.hasPrefix("fold_constants") } && without.contains { $0.contains("2 + 3") })
        let json = try await fixture.texts("EXPLAIN FORMAT JSON PASSES \(sql)")
        #expect(json.count == 1 && json[0].contains("\"pass\": \"push_filters\""))
        let analyzed = try await fixture.texts("EXPLAIN ANALYZE PASSES SELECT 1 + 1 AS two")
        #expect(
            analyzed.contains { $0.hasPrefix("fold_constants (0 us) | Project: 2 as two") }, "\(analyzed)")
        #expect(analyzed.last?.contains("[rows=1") == true)
    }

    @Test("a missing table is refused with its place and a guess")
    func missing() async throws {
        let fixture = try await SessionFixture()
        let fault = await #expect(throws: PlannerError.self) {
            try await fixture.rows("SELECT 1 FROM web.clikcs")
        }
        #expect(fault?.code == .unknownTable)
        #expect(fault?.place == .text(line: 1, column: 15))
        #expect(fault?.hint == "did you mean clicks?")
        let other = await #expect(throws: PlannerError.self) {
            try await fixture.rows("SELECT 1 FROM nowhere.x")
        }
        #expect(other?.hint == nil)
        let near = await #expect(throws: PlannerError.self) {
            try await fixture.rows("SELECT 1 FROM wbe.clicks")
        }
        #expect(near?.hint == "did you mean web.clicks?")
        let bare = await #expect(throws: SessionsError.self) {
            try await fixture.rows("SELECT 1 FROM clicks")
        }
        #expect(bare?.code == .namespaceMissing)
        await #expect(throws: CatalogError.self) { try await fixture.rows("SELECT 1", warehouse: "missing") }
    }

    @Test("what the caller may not touch is not told")
    func denied() async throws {
        struct Denied: Error {}
        let fixture = try await SessionFixture()
        let authorize: @Sendable (StatementAccess) throws -> Void = { access in
            if access == .readTable(namespace: ["web"], table: "clicks") { throw Denied() }
        }
        await #expect(throws: Denied.self) {
            try await fixture.rows("SELECT 1 FROM web.clicks", authorize: authorize)
        }
        let fault = await #expect(throws: PlannerError.self) {
            try await fixture.rows("SELECT 1 FROM web.clikcs", authorize: authorize)
        }
        #expect(fault?.hint == nil)
    }

    private struct Refused: Error, Equatable { let access: StatementAccess }

    /// As for a token that is limited to one namespace.
    private static func only(_ namespace: String) -> @Sendable (StatementAccess) throws -> Void {
        { access in
            let levels: [String]? =
                switch access {
                case .readTable(let namespace, _), .changeTable(let namespace, _): namespace
                case .list(let namespace): namespace ?? ["mine"]
                case .changeNamespace(let levels): levels
                case .placeFiles: nil
                }
            if levels?.first != namespace { throw Refused(access: access) }
        }
    }

    @Test(
        "whether a namespace is there is not told by what is about a table of its name",
        arguments: ["snapshots", "history", "files", "manifests", "partitions", "refs", "branch_b", "tag_t"])
    func hiddenNamespaces(part: String) async throws {
        let fixture = try await SessionFixture()
        for name in ["mine", "sec", "sec.there"] { _ = try await fixture.rows("CREATE NAMESPACE \(name)") }
        for name in ["there", "absent"] {
            let refused = await #expect(throws: Refused.self) {
                try await fixture.rows("SELECT * FROM sec.\(name).\(part)", authorize: Self.only("mine"))
            }
            #expect(refused?.access == .readTable(namespace: ["sec"], table: name))
        }
    }

    @Test("names that differ only in case from what the caller may know of are like none")
    func hiddenSpellings() async throws {
        let fixture = try await SessionFixture()
        func codes() async throws -> [String] {
            var codes: [String] = []
            for sql in [
                "SELECT * FROM mine.t", "SELECT * FROM mine.t.snapshots", "SHOW TABLES IN mine",
                "CREATE TABLE mine.t (a INT)", "ALTER NAMESPACE mine SET PROPERTIES ('a' = 'b')",
            ] {
                let error = await #expect(throws: (any Error).self, "\(sql)") {
                    try await fixture.rows(sql, authorize: Self.only("mine"))
                }
                codes.append(
                    (error as? any Fault).map { "\($0.code.rawValue) \($0.message)" } ?? "\(error as Any)")
            }
            return codes
        }
        let before = try await codes()
        for name in ["MINE", "MINE.t"] { _ = try await fixture.rows("CREATE NAMESPACE \(name)") }
        _ = try await fixture.rows("CREATE TABLE MINE.t (a INT)")
        #expect(try await codes() == before)
    }

    @Test("a table whose files are kept is not purged")
    func purgeIsRefused() async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.rows("CREATE TABLE web.t (a INT) TBLPROPERTIES ('gc.enabled' = 'false')")
        let fault = await #expect(throws: CatalogError.self) {
            try await fixture.rows("DROP TABLE web.t PURGE")
        }
        #expect(fault?.code == .changeRefused && fault?.hint?.contains("gc.enabled") == true)
        #expect(fault?.place == .text(line: 1, column: 12))
        #expect(try await fixture.texts("SHOW TABLES IN web").contains("t | web"))
        #expect(try await fixture.texts("DROP TABLE web.t") == ["dropped"])
    }

    @Test("a table whose metadata is damaged can be dropped and purged", arguments: ["", " PURGE"])
    func dropsDamaged(purge: String) async throws {
        var limits = CatalogLimits()
        limits.metadataCacheBytes = 0
        let fixture = try await SessionFixture(catalogLimits: limits)
        _ = try await fixture.rows("CREATE TABLE web.t (a INT)")
        let table = try await fixture.catalog.loadTable(
            TableIdentifier(namespace: Namespace(["web"]), name: "t"), in: fixture.warehouse)
        let path = try #require(BlobPath(uri: table.metadataLocation))
        _ = try await fixture.store.put(path, Array("{}".utf8), if: .always)
        #expect(try await fixture.texts("DROP TABLE web.T\(purge)") == ["dropped"])
        let folder = try TableLocation(table.metadata.location).key
        let left = try await fixture.store.list(bucket: path.bucket, prefix: folder, after: nil, limit: 10)
        #expect(left.entries.isEmpty == !purge.isEmpty)
    }

    @Test("a column that no file can hold is named before anything is written")
    func unwritableColumns() async throws {
        let fixture = try await SessionFixture()
        let schema = IcebergSchema(fields: [
            Field(id: 1, "x", .long),
            Field(id: 2, "st", .structure([Field(id: 3, "inner", .structure([]))])),
        ])
        _ = try await fixture.catalog.createTable(
            CreateTable(
                identifier: TableIdentifier(namespace: Namespace(["web"]), name: "t"), schema: schema),
            in: fixture.warehouse)
        let fault = await #expect(throws: TablesError.self) {
            try await fixture.rows("INSERT INTO web.t (x) VALUES (1)")
        }
        #expect(fault?.code == .unwritableColumn && fault?.kind == .invalidRequest)
        #expect(fault?.message.contains("column: st.inner") == true)
    }

    @Test("SHOW NAMESPACES and SHOW TABLES leave out what the caller may not know of")
    func filtersLists() async throws {
        struct Denied: Error {}
        let fixture = try await SessionFixture()
        for name in ["hidden", "hidden.inner", "seen"] {
            _ = try await fixture.rows("CREATE NAMESPACE \(name)")
        }
        let authorize: @Sendable (StatementAccess) throws -> Void = { access in
            switch access {
            case .list(namespace: nil), .list(namespace: ["seen"]), .list(namespace: ["web"]): return
            default: throw Denied()
            }
        }
        let rows = try await fixture.rows("SHOW NAMESPACES", authorize: authorize)
        #expect(rows.map { $0[0] } == [.string("seen"), .string("web")])
        #expect(try await fixture.rows("SHOW TABLES IN web", authorize: authorize).isEmpty)
        await #expect(throws: Denied.self) {
            try await fixture.rows("SHOW TABLES IN hidden", authorize: authorize)
        }
    }

    @Test("statements are remembered, within a bound, with how they ended")
    func history() async throws {
        var limits = QueryRegistry.Limits()
        limits.history = 2
        let fixture = try await SessionFixture(limits: limits)
        _ = try await fixture.rows("SHOW NAMESPACES")
        _ = try await fixture.rows("DESCRIBE web.clicks")
        await #expect(throws: (any Error).self) { try await fixture.rows("SELECT nonsense") }
        let records = fixture.session.queries.list()
        #expect(records.map(\.sql) == ["SELECT nonsense", "DESCRIBE web.clicks"])
        #expect(records.map(\.state) == [.failed, .succeeded])
        #expect(records[0].fault?.hasPrefix("PLA-101") == true)
        #expect(records[1].rowCount == 3)
        #expect(try fixture.session.queries.query(records[1].id) == records[1])
        #expect(throws: SessionsError.self) { try fixture.session.queries.cancel("none") }
    }

    @Test("an answer nobody reads is cancelled")
    func abandoned() async throws {
        let fixture = try await SessionFixture()
        do {
            let result = try await fixture.session.run(
                StatementRequest(sql: "SHOW NAMESPACES", warehouse: "lake"))
            #expect(try fixture.session.queries.query(result.queryID).state == .running)
        }
        #expect(fixture.session.queries.list().map(\.state) == [.cancelled])
    }

    @Test("an answer that its reader does not take fails at its deadline, and says so")
    func deadlineOfUnread() async throws {
        let fixture = try await SessionFixture()
        do {
            var request = StatementRequest(sql: "SELECT * FROM generate_series(1, 9)", warehouse: "lake")
            request.settings.timeoutMilliseconds = 5
            let result = try await fixture.session.run(request)
            fixture.clock.advance(microseconds: 6_000)
            #expect(try fixture.session.queries.query(result.queryID).state == .running)
        }
        let record = try #require(fixture.session.queries.list().first)
        #expect(record.state == .failed)
        #expect(record.fault?.hasPrefix("SCH-102") == true)
    }

    @Test("a statement that runs tells its time and rows, and whose it is")
    func running() async throws {
        let fixture = try await SessionFixture()
        let queries = fixture.session.queries
        var request = StatementRequest(sql: "SELECT * FROM generate_series(1, 9)", warehouse: "lake")
        request.owner = "one"
        let result = try await fixture.session.run(request)
        var batches = result.batches.makeAsyncIterator()
        _ = try await batches.next()
        fixture.clock.advance(microseconds: 7_000)
        let record = try queries.query(result.queryID, ownedBy: "one")
        #expect(record.nanoseconds == 7_000_000 && record.rowCount == 9)
        #expect(queries.list(ownedBy: "one", in: .running).map(\.id) == [result.queryID])
        #expect(queries.list(in: .succeeded).isEmpty && queries.list(ownedBy: "two").isEmpty)
        #expect(throws: SessionsError.self) { try queries.query(result.queryID, ownedBy: "two") }
        #expect(throws: SessionsError.self) { try queries.cancel(result.queryID, ownedBy: "two") }
        #expect(!request.cancellation.isCancelled)
        try queries.cancel(result.queryID, ownedBy: "one")
        #expect(request.cancellation.isCancelled)
    }

    @Test(
        "a fault over a row says where in the statement it lies",
        arguments: [
            ("SELECT 1 + 2,\n  x / 0 FROM (VALUES (1)) t(x)", "KRN-101", 2, 5),
            ("SELECT 1/0", "KRN-101", 1, 9),
            (
                "SELECT date_trunc(u, TIMESTAMP '2026-01-01 00:00:00') FROM (VALUES ('bogus')) t(u)",
                "KRN-104", 1, 8
            ),
            ("SELECT upper(CAST(s AS INT)::text) FROM (VALUES ('x')) t(s)", "KRN-103", 1, 14),
            ("SELECT s FROM (VALUES ('x')) t(s) WHERE s::int > 1", "KRN-103", 1, 42),
            ("SELECT CASE WHEN x > 0 THEN 1 / (x - x) END FROM (VALUES (1)) t(x)", "KRN-101", 1, 31),
            ("SELECT sum(x % y) FROM (VALUES (1, 0)) t(x, y)", "KRN-101", 1, 14),
            ("SELECT a.x FROM (VALUES (1)) a(x) JOIN (VALUES (0)) b(y) ON a.x / b.y = 1", "KRN-101", 1, 65),
        ] as [(String, String, Int, Int)])
    func places(sql: String, code: String, line: Int, column: Int) async throws {
        let fixture = try await SessionFixture()
        let fault = await #expect(throws: KernelError.self, "\(sql)") { _ = try await fixture.rows(sql) }
        #expect(fault?.code.rawValue == code)
        #expect(fault?.place == .text(line: line, column: column), "\(sql): \(fault?.message ?? "")")
    }

    @Test(
        "what the catalog refuses is told at the name it is about",
        arguments: [
            ("CREATE TABLE\n  web.t (a INT)", "CAT-104", 2, 3), ("CREATE NAMESPACE web", "CAT-104", 1, 18),
            ("ALTER TABLE web.t RENAME TO web.u", "CAT-104", 1, 29),
            ("CREATE TABLE gone.t (a INT)", "CAT-102", 1, 14),
        ] as [(String, String, Int, Int)])
    func namePlaces(sql: String, code: String, line: Int, column: Int) async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.rows("CREATE TABLE web.t (a INT)")
        _ = try await fixture.rows("CREATE TABLE web.u (a INT)")
        let fault = await #expect(throws: CatalogError.self, "\(sql)") { _ = try await fixture.rows(sql) }
        #expect(fault?.code.rawValue == code)
        #expect(fault?.place == .text(line: line, column: column), "\(sql): \(fault?.message ?? "")")
    }

    @Test("question marks are numbered over the whole statement")
    func questionMarks() async throws {
        let fixture = try await SessionFixture()
        var request = StatementRequest(
            sql: "SELECT ? AS a, x FROM (VALUES (?), (?)) t(x) WHERE x > ? ORDER BY x LIMIT ?",
            warehouse: "lake")
        request.parameters = PlannerParameters(
            positional: [1, 20, 30, 5, 1].map { PlannerParameter(.int($0), .int) })
        var rows: [[Scalar]] = []
        for try await batch in try await fixture.session.run(request).batches { rows += batch.rows }
        #expect(rows == [[.int(1), .int(20)]])
    }

    @Test("two question marks are two parameters, also where their values are equal")
    func likeParameters() async throws {
        let fixture = try await SessionFixture()
        func run(_ first: String, _ second: String, _ values: [Int32]) async throws -> Int {
            func query(_ mark: String) -> String {
                "(SELECT max(u.a) FROM (VALUES (1, 1), (2, 1)) u(a, g) WHERE u.g = t.g AND u.a > \(mark))"
            }
            var request = StatementRequest(
                sql: "SELECT \(query(first)), count(*) FROM (VALUES (1), (1)) t(g) GROUP BY \(query(second))",
                warehouse: "lake")
            request.parameters = PlannerParameters(
                positional: values.map { PlannerParameter(.int($0), .int) })
            var count = 0
            for try await batch in try await fixture.session.run(request).batches { count += batch.rowCount }
            return count
        }
        for values in [[Int32(0), 0], [0, 1]] {
            let error = await #expect(throws: PlannerError.self) { _ = try await run("?", "?", values) }
            #expect(error?.code == .notGrouped)
        }
        #expect(try await run("$1", "$1", [0]) == 1)
    }

    @Test("values that the statement has no place for are refused")
    func surplusParameters() async throws {
        let fixture = try await SessionFixture()
        func fails(_ sql: String, _ parameters: PlannerParameters) async -> String? {
            var request = StatementRequest(sql: sql, warehouse: "lake")
            request.parameters = parameters
            let fault = await #expect(throws: (any Error).self, "\(sql)") {
                try await fixture.session.run(request)
            }
            return (fault as? any Fault)?.message
        }
        let one = PlannerParameter(.int(1), .int)
        #expect(
            await fails("SELECT ?", PlannerParameters(positional: [one, one]))
                == "there are more parameters than the statement has places for (given: 2, places: 1)")
        #expect(
            await fails("SELECT :a", PlannerParameters(named: ["a": one, "b": one]))
                == "the statement has no place for the parameter (parameter: :b)")
        // A name that is not there is the likelier mistake.
        let misspelt = await fails("SELECT :nmae", PlannerParameters(named: ["name": one]))
        #expect(misspelt?.contains("did you mean :name?") == true, "\(misspelt ?? "")")
        var request = StatementRequest(sql: "SELECT $2", warehouse: "lake")
        request.parameters = PlannerParameters(positional: [one, one])
        _ = try await fixture.session.run(request)
    }

    @Test("what a column does not take is told with the value, the type and the column")
    func valuesOfColumns() async throws {
        let fixture = try await SessionFixture()
        _ = try await fixture.rows("CREATE TABLE web.t (a INT, s STRUCT<x INT NOT NULL, y STRING>)")
        let large = await #expect(throws: PlannerError.self) {
            _ = try await fixture.rows("INSERT INTO web.t (a) VALUES (1), (3000000000)")
        }
        #expect(
            large?.message.contains("(value: 3000000000, type: int, column: a)") == true,
            "\(large?.message ?? "")")
        let lacking = await #expect(throws: PlannerError.self) {
            _ = try await fixture.rows("INSERT INTO web.t (s) VALUES ({'y': 'q'})")
        }
        #expect(
            lacking?.message.contains("lacks a field of the column that takes no NULL (column: s, field: x)")
                == true,
            "\(lacking?.message ?? "")")
        let format = String(repeating: "%Y", count: 100_000)
        let long = await #expect(throws: (any Error).self) {
            _ = try await fixture.rows("SELECT to_timestamp(x, '\(format)') FROM (VALUES ('a')) t(x)")
        }
        #expect("\(long as (any Error)?)".utf8.count < 5000)
    }
}
