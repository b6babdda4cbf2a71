import Columnar
import Faults
import Iceberg
import JSONText
import Plans
import SQLSyntax
import Synchronization
import Testing

@testable import Planner

@Suite("Plans of queries")
struct PlanTests {
    @Test(
        "pictures",
        arguments: [
            (
                "SELECT 1",
                """
                Project: 1
                  OneRow
                """
            ),
            (
                "SELECT origin, dep_delay FROM web.flights WHERE year = 2013 AND dep_delay > 10",
                """
                Project: origin, dep_delay
                  Scan: table=web.flights, fields=[year, dep_delay, origin], filter=(year = 2013) and (dep_delay > 10.0)
                """
            ),
            (
                "SELECT f.origin, g.dep_delay FROM flights f, flights g WHERE f.year = g.year AND f.year > 2012 AND f.dep_delay < g.dep_delay",
                """
                Project: origin, dep_delay
                  HashJoin: kind=inner, keys=[year = year as #0], filter=dep_delay < dep_delay
                    Scan: table=web.flights, fields=[year, dep_delay, origin], filter=year > 2012, partners=[year in #0]
                    Scan: table=web.flights, fields=[year, dep_delay], filter=year > 2012
                """
            ),
            (
                "SELECT f.origin FROM flights f LEFT JOIN flights g ON f.year = g.year AND f.year > 1 AND g.year > 2 WHERE f.year > 3",
                """
                Project: origin
                  HashJoin: kind=left, keys=[year = year], filter=year > 1
                    Scan: table=web.flights, fields=[year, origin], filter=year > 3
                    Scan: table=web.flights, fields=[year], filter=year > 2
                """
            ),
            (
                "SELECT count(*) FROM web.flights",
                """
                Aggregate: calls=[count(*)]
                  Scan: table=web.flights, fields=[]
                """
            ),
            (
                "SELECT origin, count(*) AS n, avg(dep_delay) FROM flights GROUP BY origin HAVING count(*) > 10 ORDER BY n DESC LIMIT 3",
                """
                TopN: count=3, keys=[n desc]
                  Project: origin, count(*) as n, avg(dep_delay)
                    Filter: count(*) > 10
                      Aggregate: keys=[origin], calls=[count(*), avg(dep_delay)]
                        Scan: table=web.flights, fields=[dep_delay, origin]
                """
            ),
            (
                "SELECT DISTINCT origin FROM flights ORDER BY 1",
                """
                Sort: origin
                  Aggregate: keys=[origin]
                    Scan: table=web.flights, fields=[origin]
                """
            ),
            (
                "SELECT origin FROM flights ORDER BY dep_delay DESC NULLS LAST LIMIT 2 OFFSET 1",
                """
                Project: origin
                  TopN: offset=1, count=2, keys=[dep_delay desc nulls last]
                    Project: origin, dep_delay
                      Scan: table=web.flights, fields=[dep_delay, origin]
                """
            ),
            (
                "SELECT origin FROM flights ORDER BY dep_delay FETCH FIRST 2 ROWS WITH TIES",
                """
                Project: origin
                  Sort: number
                    Filter: rank <= 2
                      Window: order=[dep_delay], calls=[row_number(), rank()]
                        TopN: count=2, ties, keys=[dep_delay]
                          Project: origin, dep_delay
                            Scan: table=web.flights, fields=[dep_delay, origin]
                """
            ),
            (
                "SELECT origin, rank() OVER (ORDER BY dep_delay) AS r FROM flights QUALIFY r < 3 AND origin > 'a'",
                """
                Project: origin, rank() as r
                  Filter: (rank() < 3) and (origin > 'a')
                    Window: order=[dep_delay], calls=[rank()]
                      TopN: count=2, ties, keys=[dep_delay]
                        Scan: table=web.flights, fields=[dep_delay, origin]
                """
            ),
            (
                "SELECT upper(origin) AS o, count(*) FROM flights GROUP BY o",
                """
                Aggregate: keys=[upper(origin)], calls=[count(*)]
                  Scan: table=web.flights, fields=[origin]
                """
            ),
            (
                "SELECT * FROM (SELECT origin AS o, year + 1 AS y FROM flights) t WHERE t.y > 5 AND o = 'JFK' LIMIT 7",
                """
                Project: origin as o, year + 1 as y
                  Limit: count=7
                    Scan: table=web.flights, fields=[year, origin], filter=((year + 1) > 5) and (origin = 'JFK'), limit=7
                """
            ),
            (
                "SELECT origin FROM flights WHERE day >= CURRENT_DATE - INTERVAL 7 DAY AND NOT (at < TIMESTAMP '2026-01-01') AND id = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'",
                """
                Project: origin
                  Scan: table=web.flights, fields=[origin, day, at, id], filter=(day >= date '2026-01-24') and \
                (at >= timestamp '2026-01-01T00:00:00') and (id = uuid 'f81d4fae7dec11d0a76500a0c91e6bf6')
                """
            ),
            (
                "SELECT origin, n FROM (SELECT origin, count(*) AS n FROM flights GROUP BY origin) WHERE origin <> 'EWR' AND n > 1",
                """
                Project: origin, count(*) as n
                  Filter: count(*) > 1
                    Aggregate: keys=[origin], calls=[count(*)]
                      Scan: table=web.flights, fields=[origin], filter=origin <> 'EWR'
                """
            ),
            (
                "WITH a AS (SELECT origin FROM flights UNION ALL SELECT 'x') SELECT * FROM a WHERE origin = 'JFK' LIMIT 1",
                """
                Limit: count=1
                  Union: inputs=2
                    Limit: count=1
                      Scan: table=web.flights, fields=[origin], filter=origin = 'JFK', limit=1
                    Project: 'x' as origin
                      Limit: count=1
                        Values: columns=0, rows=0
                """
            ),
            (
                "SELECT sum(distance) FILTER (WHERE year > 2000), count(DISTINCT origin) FROM flights",
                """
                Project: sum(distance) filter (where year > 2000) as sum(distance) FILTER (WHERE year > 2000), \
                count(distinct origin) as count(DISTINCT origin)
                  Aggregate: calls=[sum(distance) filter (where year > 2000), count(distinct origin)]
                    Scan: table=web.flights, fields=[year, origin, distance]
                """
            ),
            (
                "SELECT 1 FROM flights WHERE 1 = 2",
                """
                Project: 1
                  Values: columns=0, rows=0
                """
            ),
            (
                "VALUES (1, 'a'), (2.5, NULL)",
                """
                Values: columns=2, rows=2
                """
            ),
            (
                "SELECT year, year FROM flights GROUP BY ALL",
                """
                Project: year, year as year_1
                  Aggregate: keys=[year]
                    Scan: table=web.flights, fields=[year]
                """
            ),
        ])
    func pictures(text: String, picture: String) throws {
        let plan = try PlannerFixture.plan(text)
        #expect(plan.description == picture)
        #expect(try PhysicalPlan(encoded: try JSONParser.parse(plan.encoded.serialized())) == plan)
    }

    @Test("names match exactly first, then by the only other case")
    func names() throws {
        let plan = try PlannerFixture.plan(
            "SELECT \"Case\", YEAR, flights.ORIGIN, web.flights.day FROM Web.flights")
        #expect(plan.schema.fields.map(\.name) == ["Case", "YEAR", "ORIGIN", "day"])
    }

    @Test("stars leave out, replace and rename")
    func stars() throws {
        let plan = try PlannerFixture.plan(
            "SELECT * EXCLUDE (tags, who, doc, m, id, seen, \"Case\") REPLACE (year + 1 AS year) RENAME (origin AS o) FROM flights"
        )
        #expect(
            plan.schema.description
                == "year: int, dep_delay: double, o: string, distance: long, day: date, at: timestamp, price: decimal(9, 2), cancelled: boolean"
        )
    }

    @Test("parameters take the type of their place")
    func parameters() throws {
        let plan = try PlannerFixture.plan(
            "SELECT origin FROM flights WHERE day = $1 AND year > $2",
            parameters: [
                PlannerParameter(.string("2026-01-01"), .string), PlannerParameter(.long(2000), .long),
            ])
        #expect(plan.description.contains("filter=(day = date '2026-01-01') and (year > 2000)"))
    }

    @Test("each pass that changes a plan is told")
    func steps() throws {
        let result = try PlannerFixture.result("SELECT origin FROM flights WHERE year = 1 + 1")
        #expect(result.steps.map(\.pass) == ["fold_constants", "push_filters", "prune_columns"])
        #expect(result.bound.description.contains("year = (1 + 1)"))
        #expect(result.steps[0].plan.description.contains("year = 2"))
        #expect(result.steps[1].plan.description.contains("filter=year = 2"))
        let fewer = try PlannerFixture.result(
            "SELECT origin FROM flights WHERE year = 1 + 1", disabled: ["push_filters"])
        #expect(fewer.steps.map(\.pass) == ["fold_constants", "prune_columns"])
    }

    @Test("a plan that nobody waits for any more is given up between two passes")
    func interrupted() throws {
        var settings = PlannerFixture.settings
        settings.isInterrupted = { true }
        let plan = LogicalPlan.values(.oneRow)
        let fault = #expect(throws: PlannerError.self) { try Optimizer(settings: settings).run(plan) }
        #expect(fault?.code == .interrupted && fault?.kind == .cancelled)
    }

    @Test("planning is given up inside a pass, and while the query is bound")
    func interruptedInside() throws {
        let asked = Mutex(0)
        var settings = PlannerFixture.settings
        settings.isInterrupted = {
            asked.withLock {
                $0 += 1
                return $0 == 2
            }
        }
        let plan = LogicalPlan.limit(RowWindow(count: 1), .values(.oneRow))
        let fault = #expect(throws: PlannerError.self) {
            try Optimizer(settings: settings).run(MergeProjections(), on: plan)
        }
        #expect(fault?.code == .interrupted)
        asked.withLock { $0 = 0 }
        guard case .query(let query) = try SQLParser.statement("SELECT 1 WHERE EXISTS (SELECT 1)") else {
            preconditionFailure("a query")
        }
        let bound = #expect(throws: PlannerError.self) {
            try Planner(settings: settings).plan(query, tables: TableCatalogue())
        }
        #expect(bound?.code == .interrupted)
    }

    /// Each estimate of a node once estimated all nodes below it again, and each level of those.
    @Test("many subqueries are planned at once", .timeLimit(.minutes(1)))
    func manySubqueries() throws {
        let terms = (0..<160).map { "EXISTS (SELECT 1 FROM range(2) x\($0)(z) WHERE z = f.year)" }
        let plan = try PlannerFixture.plan(
            "SELECT count(*) FROM flights f WHERE " + terms.joined(separator: " AND "))
        #expect(plan.description.split(separator: "\n").count { $0.contains("Join") } == 160)
    }

    @Test("a pass that breaks a plan is found at once")
    func broken() throws {
        struct Breaking: OptimizerPass {
            let name = "breaking"
            let result: LogicalPlan
            func run(_ plan: LogicalPlan, until interruption: Interruption) -> LogicalPlan { result }
        }
        let plan = LogicalPlan.project(Projection([.null(.int)], names: ["a"]), .values(.oneRow))
        let wrong = [
            LogicalPlan.values(.oneRow),
            .project(Projection([.column(3, .int)], names: ["a"]), .values(.oneRow)),
        ]
        for result in wrong {
            let fault = #expect(throws: PlannerError.self) {
                try Optimizer(settings: PlannerFixture.settings).run(Breaking(result: result), on: plan)
            }
            #expect(fault?.code == .inconsistentPlan && fault?.message.contains("breaking") == true)
        }
    }

    @Test("a query means the same with every pass off")
    func disabled() throws {
        let text = "SELECT origin FROM flights WHERE year = 1 + 1 LIMIT 3"
        let plan = try PlannerFixture.plan(text, disabled: Optimizer.passNames)
        #expect(plan.schema == (try PlannerFixture.plan(text).schema))
        #expect(plan.description.contains("Filter: year = (1 + 1)"))
    }
}
