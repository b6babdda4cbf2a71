import Plans
import Testing

@testable import Planner

/// What is computed once for several readers, and what is not.
@Suite("Shared queries in plans")
struct SharingTests {
    @Test(
        "stable",
        arguments: [
            "SELECT origin, sum(price), avg(distance), count(*), min(day) FROM flights GROUP BY origin",
            "SELECT DISTINCT origin, year FROM flights WHERE dep_delay > 10",
            "SELECT rank() OVER (ORDER BY dep_delay), sum(price) OVER (PARTITION BY origin ORDER BY day) FROM flights",
            "SELECT sum(distance) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM flights",
            "SELECT origin FROM flights ORDER BY origin LIMIT 3",
            "SELECT origin, sum(price) FROM flights GROUP BY origin ORDER BY origin LIMIT 3",
            "SELECT row_number() OVER (ORDER BY id) FROM (SELECT DISTINCT id FROM flights) q",
            "SELECT array_agg(origin ORDER BY origin), string_agg(origin, ',' ORDER BY origin) FROM flights",
            "SELECT count(*) FROM flights LIMIT 1",
            "SELECT origin FROM flights INTERSECT ALL SELECT origin FROM flights",
            "SELECT f.dep_delay FROM flights f JOIN flights g ON f.year = g.year",
            "WITH RECURSIVE t AS (SELECT 1 i UNION SELECT i + 1 FROM t WHERE i < 9) SELECT i FROM t",
            "SELECT now(), sum(price) FILTER (WHERE dep_delay > 1) FROM flights",
        ])
    func stable(query: String) throws { #expect(try PlannerFixture.result(query).bound.isStable) }

    @Test(
        "unstable",
        arguments: [
            "SELECT origin, sum(dep_delay) FROM flights GROUP BY origin",
            "SELECT avg(dep_delay) FROM flights", "SELECT stddev(distance) FROM flights",
            "SELECT random()", "SELECT origin FROM flights WHERE random() > 0.5",
            "SELECT any_value(origin) FROM flights", "SELECT array_agg(origin) FROM flights",
            "SELECT string_agg(origin, ',' ORDER BY day) FROM flights",
            "SELECT first_value(origin ORDER BY day) FROM flights",
            "SELECT arg_min(origin, day) FROM flights", "SELECT approx_median(distance) FROM flights",
            "SELECT row_number() OVER (ORDER BY origin) FROM flights",
            "SELECT lag(origin) OVER (ORDER BY day) FROM flights",
            "SELECT sum(distance) OVER (ORDER BY day ROWS 2 PRECEDING) FROM flights",
            "SELECT sum(dep_delay) OVER (ORDER BY day) FROM flights",
            "SELECT origin FROM flights LIMIT 3", "SELECT origin, day FROM flights ORDER BY origin LIMIT 3",
            "SELECT dep_delay FROM flights ORDER BY dep_delay LIMIT 3",
            "SELECT DISTINCT ON (origin) origin, day FROM flights ORDER BY origin",
            "SELECT DISTINCT dep_delay FROM flights", "SELECT max(dep_delay) FROM flights",
            "SELECT count(*) FROM flights, (SELECT sum(dep_delay) s FROM flights) q WHERE dep_delay > s",
        ])
    func unstable(query: String) throws { #expect(try !PlannerFixture.result(query).bound.isStable) }

    @Test(
        "readers, and how far conditions reach",
        arguments: [
            // Decimals: each reader has a copy that its own conditions reach into.
            (
                "WITH t AS (SELECT origin, sum(price) s FROM flights GROUP BY origin) SELECT a.s FROM t a JOIN t b ON a.s = b.s WHERE a.origin = 'JFK'",
                0, "filter=origin = 'JFK'"
            ),
            (
                "WITH t AS (SELECT origin, sum(dep_delay) s FROM flights GROUP BY origin) SELECT a.s FROM t a JOIN t b ON a.s = b.s WHERE a.origin = 'JFK'",
                2, "Filter: origin = 'JFK'"
            ),
            (
                "WITH t AS (SELECT origin, sum(dep_delay) s FROM flights GROUP BY origin) SELECT s FROM t WHERE origin = 'JFK'",
                0, "filter=origin = 'JFK'"
            ),
            // No reader wants the origin.
            (
                "WITH t AS MATERIALIZED (SELECT origin, year FROM flights) SELECT count(*) FROM t WHERE year > 2000",
                1, "Scan: table=web.flights, fields=[year]\n"
            ),
            (
                "WITH t AS NOT MATERIALIZED (SELECT sum(dep_delay) s FROM flights) SELECT a.s FROM t a, t b",
                0, "NestedLoopJoin"
            ),
            (
                "SELECT s, (SELECT count(*) FROM flights f WHERE f.distance < s) FROM (SELECT year, sum(dep_delay) s FROM flights GROUP BY year) q",
                2, "Sharing: ids=[1]"
            ),
            (
                "SELECT s, (SELECT count(*) FROM flights f WHERE f.distance < s) FROM (SELECT year, sum(distance) s FROM flights GROUP BY year) q",
                0, "Aggregate: keys=[year]"
            ),
            // The equality gives the outer value: nothing is read twice.
            (
                "SELECT s, (SELECT count(*) FROM flights f WHERE f.dep_delay = s) FROM (SELECT year, sum(dep_delay) s FROM flights GROUP BY year) q",
                0, "keys=[dep_delay]"
            ),
        ])
    func readers(query: String, count: Int, part: String) throws {
        let text = try PlannerFixture.plan(query).description
        #expect(
            text.split(separator: "\n").count { $0.contains("Shared: ") } == count, Comment(rawValue: text))
        #expect(text.contains(part), Comment(rawValue: text))
    }

    @Test("queries that double each other when each is read twice stay as many when they are shared")
    func doubling() throws {
        var text = "WITH a0 AS MATERIALIZED (SELECT 1 AS x)"
        for level in 1...60 {
            text += ", a\(level) AS MATERIALIZED (SELECT l.x FROM a\(level - 1) l, a\(level - 1) r)"
        }
        let plan = try PlannerFixture.plan(text + " SELECT * FROM a60")
        guard case .sharing(let ids, _, _) = plan else {
            Issue.record("not shared: \(plan)")
            return
        }
        #expect(ids.count == 61)
    }
}
