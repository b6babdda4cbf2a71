import Faults
import Plans
import Testing

@testable import Planner

@Suite("A statement that means nothing is refused with its place and help")
struct PlannerFaultTests {
    @Test(
        "mistakes",
        arguments: [
            ("SELECT dep_dealy FROM flights", "PLA-101", 1, 8, "did you mean dep_delay?"),
            ("SELECT nonsense_name FROM flights", "PLA-101", 1, 8, nil),
            ("SELECT a", "PLA-101", 1, 8, "the query has no FROM"),
            ("SELECT x.year FROM flights", "PLA-101", 1, 8, nil),
            ("SELECT flihgts.year FROM flights", "PLA-101", 1, 8, "did you mean flights?"),
            ("SELECT 1 FROM missing", "PLA-103", 1, 15, nil),
            ("SELECT uper(origin) FROM flights", "PLA-104", 1, 8, "did you mean upper?"),
            ("SELECT lower(origin, 1, 2) FROM flights", "PLA-105", 1, 8, nil),
            ("SELECT origin + 1 FROM flights", "PLA-106", 1, 15, nil),
            ("SELECT origin = year FROM flights", "PLA-106", 1, 15, nil),
            ("SELECT year FROM flights WHERE year", "PLA-106", 1, 32, nil),
            ("SELECT 1 FROM flights WHERE day = 'yesterday'", "PLA-108", 1, 35, nil),
            ("SELECT 1 FROM flights WHERE year = 'x'", "PLA-108", 1, 36, nil),
            ("SELECT CAST(1 AS flaot)", "PLA-107", 1, 18, "did you mean float?"),
            ("SELECT CAST(TRUE AS date)", "PLA-106", 1, 8, nil),
            ("SELECT origin, count(*) FROM flights", "PLA-110", 1, 8, nil),
            ("SELECT origin, year FROM flights GROUP BY origin", "PLA-110", 1, 16, nil),
            (
                "SELECT count(*) FROM flights WHERE count(*) > 1", "PLA-111", 1, 36,
                "filter groups with HAVING"
            ),
            ("SELECT sum(count(*)) FROM flights", "PLA-111", 1, 12, nil),
            ("SELECT count(*) FROM flights GROUP BY count(*)", "PLA-111", 1, 39, nil),
            ("SELECT origin FROM flights ORDER BY 2", "PLA-112", 1, 37, nil),
            ("SELECT origin FROM flights GROUP BY 0", "PLA-112", 1, 37, nil),
            ("SELECT origin FROM flights LIMIT -1", "PLA-113", 1, 34, nil),
            ("SELECT origin FROM flights LIMIT year", "PLA-113", 1, 34, nil),
            ("SELECT 1 LIMIT 99999999999999999999", "PLA-113", 1, 16, "leave LIMIT out to get all rows"),
            ("SELECT 1 OFFSET -1.5", "PLA-113", 1, 17, nil),
            ("SELECT 1 LIMIT (SELECT yaer)", "PLA-113", 1, 24, nil),
            ("SELECT 1 LIMIT (SELECT yaer FROM flights)", "PLA-113", 1, 24, "did you mean year?"),
            ("SELECT who.nmae FROM flights", "PLA-114", 1, 12, "did you mean name?"),
            ("SELECT 1 UNION ALL SELECT 1, 2", "PLA-115", 1, 20, nil),
            ("SELECT 1 UNION ALL SELECT TRUE", "PLA-106", 1, 20, nil),
            ("SELECT $1", "PLA-116", 1, 8, nil),
            (
                "SELECT year FROM flights JOIN flights f ON TRUE", "PLA-102", 1, 8,
                "put the table's name before it"
            ),
            ("SELECT 1 FROM flights, flights", "PLA-115", 1, 24, nil),
            (
                "SELECT 1 FROM flights RIGHT JOIN LATERAL (SELECT year) f ON TRUE", "PLA-115", 1, 23,
                "use JOIN or LEFT JOIN"
            ),
            ("SELECT year IN (SELECT 1, 2) FROM flights", "PLA-115", 1, 13, nil),
            ("SELECT (SELECT dep_dealy) FROM flights", "PLA-101", 1, 16, nil),
            ("SELECT ARRAY(SELECT 1, 2)", "PLA-115", 1, 8, nil),
            ("SELECT origin, (SELECT year) FROM flights GROUP BY origin", "PLA-110", 1, 24, nil),
            ("SELECT 1 LIMIT (SELECT -1.5)", "PLA-113", 1, 16, "leave LIMIT out to get all rows"),
            ("SELECT year FROM flights FETCH FIRST NULL ROWS WITH TIES", "PLA-113", 1, 38, nil),
            ("SELECT (SELECT sum(year) + year) FROM flights", "PLA-110", 1, 28, nil),
            (
                "SELECT year COLLATE \"C\" FROM flights", "PLA-106", 1, 13,
                "only texts have a collation; leave it out"
            ),
            (
                "SELECT 1 FROM flights WHERE row_number() OVER () = 1", "PLA-111", 1, 29,
                "filter on it with QUALIFY"
            ),
            ("SELECT DISTINCT origin FROM flights ORDER BY year", "PLA-110", 1, 46, nil),
            ("SELECT extract(yeer FROM day) FROM flights", "PLA-108", 1, 16, "did you mean year?"),
            ("SELECT a.year FROM (SELECT year, year FROM flights) a", "PLA-102", 1, 8, nil),
            ("SELECT *", "PLA-103", 1, 8, nil),
            ("SELECT percentile_cont(year, dep_delay) FROM flights", "PLA-106", 1, 30, nil),
            (
                "SELECT sum(year) OVER (ORDER BY year ROWS -1 PRECEDING) FROM flights", "PLA-108", 1, 43,
                nil
            ),
            (
                "SELECT sum(year) OVER (ORDER BY year RANGE BETWEEN 1 PRECEDING AND NULL FOLLOWING) FROM flights",
                "PLA-108", 1, 68, nil
            ),
            (
                "SELECT sum(year) OVER (ORDER BY year RANGE 'x' PRECEDING) FROM flights", "PLA-108", 1, 44,
                nil
            ),
            (
                "SELECT 1 FROM flights e WHERE EXISTS (SELECT 1 FROM (VALUES (1)) d(id) WHERE id = e.yeer)",
                "PLA-101", 1, 83, "did you mean year?"
            ),
            (
                "SELECT 1 FROM flights e WHERE EXISTS (SELECT 1 FROM (VALUES (1)) d(id) WHERE id = yeer)",
                "PLA-101", 1, 83, "did you mean year?"
            ),
            (
                "SELECT 1 FROM flights e WHERE EXISTS (SELECT 1 FROM (VALUES (1)) d(id) WHERE d.yeer = e.year)",
                "PLA-101", 1, 78, "the columns are id"
            ),
            (
                "SELECT 1 FROM flights e WHERE EXISTS (SELECT 1 FROM (VALUES (1)) d(id) WHERE x.a = 1)",
                "PLA-101", 1, 78, "the tables are d"
            ),
            (
                "SELECT origin FROM flights e "
                    + "WHERE EXISTS (SELECT 1 FROM flights WHERE max(e.year) > 3)",
                "PLA-111", 1, 72, "it belongs to the query whose columns it reads"
            ),
            ("SELECT cuont(*) FROM flights", "PLA-104", 1, 8, "did you mean count?"),
            ("SELECT cuont(DISTINCT year) FROM flights", "PLA-104", 1, 8, "did you mean count?"),
            ("VALUES (1), (1, 2)", "PLA-115", 1, 14, nil),
            ("SELECT lower(DISTINCT origin) FROM flights", "PLA-111", 1, 8, nil),
        ] as [(String, String, Int, Int, String?)])
    func mistakes(text: String, code: String, line: Int, column: Int, hint: String?) {
        let fault = #expect(throws: PlannerError.self, "\(text)") { try PlannerFixture.plan(text) }
        #expect(fault?.code.rawValue == code, "\(text): \(fault?.message ?? "")")
        #expect(fault?.place == .text(line: line, column: column), "\(text): \(fault?.message ?? "")")
        if let hint { #expect(fault?.hint == hint) }
    }

    @Test(
        "names that are nothing alike are not suggested",
        arguments: ["nosuch(1)", "xor(1, 2)", "age(day)", "CAST(1 AS foo)", "CAST(1 AS serial)"])
    func farNames(text: String) {
        let fault = #expect(throws: PlannerError.self) {
            try PlannerFixture.plan("SELECT \(text) FROM flights")
        }
        #expect(fault?.hint?.hasPrefix("did you mean") != true, "\(fault?.hint ?? "")")
    }

    @Test("a parameter that is no value is named", arguments: ["1e400", String(repeating: "9", count: 42)])
    func parameters(digits: String) {
        let fault = #expect(throws: PlannerError.self) {
            try PlannerParameter(digits: digits, called: "$2")
        }
        #expect(fault?.code == .invalidLiteral)
        #expect(fault?.message.contains("$2") == true, "\(fault?.message ?? "")")
    }

    @Test("WITH tables that double each other hit a bound")
    func doubling() {
        var text = "WITH a0 AS (SELECT 1 AS x)"
        for index in 1...30 {
            text += ", a\(index) AS (SELECT * FROM a\(index - 1) UNION ALL SELECT * FROM a\(index - 1))"
        }
        let fault = #expect(throws: PlannerError.self) {
            try PlannerFixture.plan(text + " SELECT * FROM a30")
        }
        #expect(fault?.code == .unsupported)
    }

    @Test("columns that double in each subquery do not double the plan")
    func growth() throws {
        var text = "SELECT year AS x FROM flights"
        for _ in 0..<40 { text = "SELECT x + x AS x FROM (\(text))" }
        let plan = try PlannerFixture.plan("SELECT x FROM (\(text)) WHERE x > 5")
        #expect(plan.description.count < 20_000)
        let all = try PlannerFixture.plan("SELECT x FROM (\(text)) WHERE x > 5", disabled: ["push_filters"])
        #expect(all.schema == plan.schema)
    }

    @Test("forms that copy a value do not multiply when they nest")
    func copies() {
        for (open, close) in [
            ("(", " BETWEEN cancelled AND cancelled)"), ("(", " IN (cancelled, NOT cancelled))"),
            ("CASE ", " WHEN TRUE THEN FALSE WHEN FALSE THEN TRUE END"),
        ] {
            let text = String(repeating: open, count: 45) + "cancelled" + String(repeating: close, count: 45)
            let fault = #expect(throws: PlannerError.self) {
                try PlannerFixture.plan("SELECT \(text) FROM flights")
            }
            #expect(fault?.code == .unsupported)
        }
    }

    @Test("tables that read all before them by more than equality are refused before they grow without end")
    func doublingLaterals() {
        var text = "SELECT 1 FROM flights f0"
        for index in 1...40 {
            text += ", LATERAL (SELECT count(*) + f\(index - 1).year AS year FROM flights"
            text += " WHERE flights.year > f\(index - 1).year) f\(index)"
        }
        let fault = #expect(throws: PlannerError.self) { try PlannerFixture.plan(text) }
        #expect(fault?.code == .unsupported)
    }
}
