import Columnar
import Plans
import SQLSyntax
import Testing

@testable import Planner

@Suite("What the last passes make of a plan")
struct RewriteTests {
    @Test(
        "what expressions have in common is computed once, unless only some rows ask for it",
        arguments: [
            (
                "SELECT sum(year * (1 - year)), sum(year * (1 - year) * 2) FROM flights",
                "Project: year * (1 - year) as #0"
            ),
            (
                "SELECT upper(origin) || 'a', upper(origin) || 'b' FROM flights",
                "Project: upper(origin) as #0"
            ),
            (
                "SELECT CASE WHEN length(origin) > 3 THEN length(origin) ELSE 0 END FROM flights",
                "(origin) as #0"
            ),
        ])
    func shared(sql: String, line: String) throws {
        let with = try PlannerFixture.plan(sql).description
        #expect(with.contains(line), "\(with)")
        let without = try PlannerFixture.plan(sql, disabled: ["share_expressions"]).description
        #expect(!without.contains("#0"), "\(without)")
    }

    @Test(
        "what only branches ask for, what is cheap and what is drawn anew is left where it stands",
        arguments: [
            "SELECT CASE WHEN year > 0 THEN distance / year END, CASE WHEN year > 0 THEN distance / year + 1 END FROM flights",
            "SELECT coalesce(dep_delay, distance / year), coalesce(dep_delay, 1 + distance / year) FROM flights",
            "SELECT year + 1, (year + 1) * 2 FROM flights",
            "SELECT random() + 1 + 1, random() + 1 + 1 FROM flights",
            "SELECT sum(distance / year) FILTER (WHERE year > 0), sum(distance / year + 1) FILTER (WHERE year > 0) FROM flights",
        ])
    func unshared(sql: String) throws {
        let plan = try PlannerFixture.plan(sql).description
        #expect(!plan.contains("#0"), "\(plan)")
    }

    @Test("aggregates are asked once, in their cheapest form")
    func aggregates() throws {
        let plan = try PlannerFixture.plan(
            "SELECT origin, min(DISTINCT year), count(DISTINCT origin) FROM flights GROUP BY origin"
        ).description
        #expect(plan.contains("calls=[min(year)]"), "\(plan)")
        let distinct = try PlannerFixture.plan(
            "SELECT DISTINCT origin, n FROM (SELECT origin, count(*) AS n FROM flights GROUP BY origin) t")
        #expect(distinct.description.components(of: "Aggregate") == 1, "\(distinct)")
        let kept = try PlannerFixture.plan(
            "SELECT DISTINCT n FROM (SELECT origin, count(*) AS n FROM flights GROUP BY origin) t")
        #expect(kept.description.components(of: "Aggregate") == 2, "\(kept)")
    }

    /// Two tables of 1,000 and 1,000,000 rows with what their manifests tell.
    private static func plan(_ sql: String, distinct: Int64? = nil) throws -> PhysicalPlan {
        guard case .query(let query) = try SQLParser.statement(sql) else { preconditionFailure("a query") }
        var tables = TableCatalogue()
        for name in Planner.tables(in: query) {
            let isLarge = name.last.text == "large"
            var table = SourceTable(
                warehouse: "w", namespace: ["n"], name: name.last.text, metadataLocation: "s3://lake/m.json",
                snapshotID: 1,
                fields: [Field(id: 1, "k", .int), Field(id: 2, "v", .int), Field(id: 3, "t", .string)])
            let rows: Int64 = isLarge ? 1_000_000 : 1_000
            var key = TableStatistics.Column()
            (key.lower, key.upper, key.nullCount, key.isExact) = (.int(1), .int(1000), 0, true)
            var value = TableStatistics.Column()
            (value.lower, value.upper, value.nullCount, value.isExact) = (.int(0), .int(99), rows / 2, true)
            value.distinctCount = distinct
            table.statistics = TableStatistics(rowCount: rows, isExact: true, columns: [1: key, 2: value])
            table.estimatedRowCount = Int(rows)
            tables[name] = table
        }
        return try Planner(settings: PlannerFixture.settings).plan(query, tables: tables).plan
    }

    @Test(
        "bounds, null counts and sketches tell how many rows a condition lets pass",
        arguments: [
            ("SELECT k FROM n.large", nil, 1_000_000), ("SELECT k FROM n.large WHERE k = 5", nil, 1000),
            ("SELECT k FROM n.large WHERE k = 5000", nil, 1),
            ("SELECT k FROM n.large WHERE k >= 251 AND k <= 500", nil, 249_249),
            ("SELECT k FROM n.large WHERE v IS NULL", nil, 500_000),
            ("SELECT k FROM n.large WHERE v = 7", nil, 5000),
            ("SELECT k FROM n.large WHERE v = 7", 10, 50_000),
            ("SELECT k FROM n.large WHERE k IN (1, 2, 3)", nil, 3000),
            ("SELECT k FROM n.large WHERE t = 'x'", nil, 40_000),
        ] as [(String, Int64?, Int)])
    func estimates(sql: String, distinct: Int64?, rows: Int) throws {
        let plan = try Self.plan(sql, distinct: distinct).description
        #expect(plan.contains("rows≈\(rows)"), "\(plan)")
    }

    @Test("the smaller side of a join is held, by what conditions leave of it")
    func joinOrder() throws {
        let plain = try Self.plan("SELECT a.t FROM n.small a JOIN n.large b ON a.k = b.k").description
        #expect(plain.contains("HashJoin") && plain.contains("rows≈1000000"), "\(plain)")
        #expect(plain.split(separator: "\n").last?.contains("n.small") == true)
        // Some four of the million are left, twenty of the thousand.
        let few = try Self.plan(
            "SELECT a.t FROM n.small a JOIN n.large b ON a.k = b.k WHERE b.k <= 20 AND b.v = 3 AND b.t = 'x'"
        ).description
        #expect(few.split(separator: "\n").last?.contains("n.large") == true, "\(few)")
    }

    @Test(
        "outer, semi and anti joins hold the smaller side too",
        arguments: [
            (
                "SELECT a.t FROM n.small a WHERE EXISTS (SELECT 1 FROM n.large b WHERE b.k = a.k)",
                "right_semi"
            ),
            (
                "SELECT a.t FROM n.small a WHERE NOT EXISTS (SELECT 1 FROM n.large b WHERE b.k = a.k AND b.v < a.v)",
                "right_anti"
            ),
            ("SELECT a.t FROM n.large a WHERE EXISTS (SELECT 1 FROM n.small b WHERE b.k = a.k)", "semi"),
            ("SELECT a.t, b.v FROM n.small a LEFT JOIN n.large b ON a.k = b.k", "right"),
            ("SELECT a.t, b.v FROM n.large a LEFT JOIN n.small b ON a.k = b.k", "left"),
            ("SELECT a.t, b.v FROM n.small a RIGHT JOIN n.large b ON a.k = b.k", "left"),
            ("SELECT a.t, b.v FROM n.small a FULL JOIN n.large b ON a.k = b.k", "full"),
        ])
    func heldSide(sql: String, kind: String) throws {
        let plan = try Self.plan(sql).description
        #expect(plan.contains("HashJoin: kind=\(kind), "), "\(plan)")
        #expect(plan.split(separator: "\n").last?.contains("n.small") == true, "\(plan)")
    }

    @Test("a semi join that leaves few rows of a table is computed below the joins around")
    func semiJoins() throws {
        let from = "SELECT b.t FROM n.large a JOIN n.large b ON a.v = b.v WHERE a.k IN (SELECT k FROM n.small"
        let few = try Self.plan(from + " WHERE k <= 20)").description
        #expect(Self.joins(few) == ["inner", "semi"], "\(few)")
        let many = try Self.plan(from + ")").description
        #expect(Self.joins(many) == ["semi", "inner"], "\(many)")
    }

    /// The kinds of a plan's joins, top down.
    private static func joins(_ plan: String) -> [String] {
        plan.split(separator: "\n").compactMap { line in
            guard let start = line.firstRange(of: "kind=") else { return nil }
            return String(line.suffix(from: start.upperBound).prefix { $0 != "," })
        }
    }

    @Test(
        "a join tells its keys to the scan on its left, through what keeps the column and no row for itself")
    func partners() throws {
        let plain = try Self.plan("SELECT a.t FROM n.small a JOIN n.large b ON a.k = b.k").description
        #expect(plain.contains("keys=[k = k as #0]"), "\(plain)")
        #expect(plain.contains("Scan: table=n.large, fields=[k], partners=[k in #0]"), "\(plain)")
        let groups = try Self.plan(
            """
            SELECT a.t, g.n FROM n.small a
            JOIN (SELECT k, count(*) AS n FROM n.large WHERE v > 3 GROUP BY k) g ON a.k = g.k
            """
        ).description
        #expect(groups.contains("partners=[k in #0]"), "\(groups)")
        for sql in [
            "SELECT a.t FROM n.large b LEFT JOIN n.small a ON a.k = b.k",
            "SELECT a.t FROM n.small a JOIN n.large b ON a.t = b.t",
            "SELECT a.t FROM n.small a JOIN (SELECT k FROM n.large ORDER BY v LIMIT 10000000) b ON a.k = b.k",
            "SELECT a.t FROM n.small a JOIN n.large b ON a.k = b.k + 1",
        ] {
            let plan = try Self.plan(sql).description
            #expect(plan.contains("HashJoin") && !plan.contains("partners="), "\(plan)")
        }
    }

    @Test("count, min and max of a whole table need no row")
    func answers() throws {
        let plan = try Self.plan("SELECT count(*), count(v), min(k), max(k), min(v) FROM n.small").description
        #expect(!plan.contains("Scan") && plan.contains("Values: columns=5, rows=1"), "\(plan)")
        for sql in [
            "SELECT count(*) FROM n.small WHERE k > 1", "SELECT min(t) FROM n.small",
            "SELECT sum(k) FROM n.small",
            "SELECT count(DISTINCT k) FROM n.small", "SELECT k, count(*) FROM n.small GROUP BY k",
            "SELECT count(*) FILTER (WHERE k > 1) FROM n.small",
        ] {
            #expect(try Self.plan(sql).description.contains("Scan"), "\(sql)")
        }
    }
}

extension String {
    fileprivate func components(of word: String) -> Int { ranges(of: word).count }
}
