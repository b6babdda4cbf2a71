import Execution
import Faults
import Foundation
import Kernels
import Planner
import SQLSyntax
import Testing

@testable import Sessions

/// A statement with a mistake, and the help a person gets.
struct Mistake: CustomTestStringConvertible {
    let sql: String
    let code: String
    /// Line and column; nil where the fault has no place.
    let place: (line: Int, column: Int)?
    /// What the message or the hint says.
    let words: [String]

    init(_ sql: String, _ code: String, _ place: (Int, Int)?, _ words: String...) {
        self.sql = sql
        self.code = code
        self.place = place.map { (line: $0.0, column: $0.1) }
        self.words = words
    }

    var testDescription: String { sql }
}

@Suite("Every class of error that SQL can cause has a statement that causes it")
struct ErrorClassTests {
    static let mistakes: [Mistake] = [
        Mistake("SELECT id FORM web.clicks", "SYN-101", (1, 16), "FROM instead of FORM"),
        Mistake("SELECT 'open", "SYN-102", (1, 8), "never ends", "close it with '"),
        Mistake("SELECT 12abc", "SYN-103", (1, 8), "12abc"),
        Mistake("SELECT " + String(repeating: "(", count: 500), "SYN-104", nil, "deep"),
        Mistake("SELECT '" + String(repeating: "x", count: 1 << 20) + "'", "SYN-105", nil),
        Mistake("MERGE INTO web.clicks USING t ON TRUE", "SYN-201", (1, 1), "MERGE"),
        Mistake("SELECT ulr FROM web.clicks", "PLA-101", (1, 8), "did you mean url?"),
        Mistake(
            "SELECT id FROM web.clicks a, web.clicks b", "PLA-102", (1, 8), "put the table's name before it"),
        Mistake("SELECT 1 FROM web.click", "PLA-103", (1, 15), "did you mean clicks?"),
        Mistake("SELECT lenght(url) FROM web.clicks", "PLA-104", (1, 8), "did you mean length?"),
        Mistake("SELECT lower(url, 1, 2) FROM web.clicks", "PLA-105", (1, 8), "takes: 1", "given: 3"),
        Mistake("SELECT id + url FROM web.clicks", "PLA-106", (1, 11), "long", "string"),
        Mistake("SELECT at > id FROM web.clicks", "PLA-106", (1, 11), "timestamptz", "long"),
        Mistake("SELECT CAST(id AS DATE) FROM web.clicks", "PLA-106", (1, 8), "long", "date"),
        Mistake("SELECT CAST(id AS bigintt) FROM web.clicks", "PLA-107", (1, 19), "did you mean bigint?"),
        Mistake("SELECT 1 FROM web.clicks WHERE at > 'soon'", "PLA-108", (1, 37), "'soon'", "timestamptz"),
        Mistake("SELECT 1 LIMIT 1 / 0", "PLA-109", (1, 18)),
        Mistake("SELECT url, count(*) FROM web.clicks", "PLA-110", (1, 8), "url", "add it to GROUP BY"),
        Mistake("SELECT 1 FROM web.clicks WHERE count(*) > 1", "PLA-111", (1, 32), "HAVING"),
        Mistake("SELECT url FROM web.clicks ORDER BY 3", "PLA-112", (1, 37), "3"),
        Mistake("SELECT url FROM web.clicks LIMIT -5", "PLA-113", (1, 34)),
        Mistake("SELECT named_struct('name', 1).nmae", "PLA-114", (1, 32), "did you mean name?"),
        Mistake("SELECT 1 UNION SELECT 1, 2", "PLA-115", (1, 16)),
        Mistake("SELECT $1", "PLA-116", (1, 8), "$1"),
        Mistake("SELECT * FROM web.clicks FOR VERSION AS OF 5", "PLA-118", (1, 15), "5"),
        Mistake(
            "CREATE TABLE web.t (\"" + String(repeating: "x", count: 256) + "\" BIGINT)", "PLA-120", (1, 21),
            "255"),
        Mistake(
            "SELECT 1 FROM web.clicks c WHERE (SELECT sum(c.id)) > 1", "PLA-111", (1, 42),
            "the query whose columns it reads"),
        Mistake("SELECT id FROM web.clicks LIMIT id", "PLA-113", (1, 33), "sees no columns", "column: id"),
        Mistake(
            "SELECT id FROM web.clicks LIMIT (SELECT id)", "PLA-113", (1, 41), "sees no columns", "column: id"
        ),
        Mistake("SELECT id FROM web.clicks LIMIT (SELECT ulr FROM web.clicks)", "PLA-113", (1, 41), "url?"),
        Mistake("SELECT 1 LIMIT (SELECT 1 UNION ALL SELECT 2)", "EXE-103", (1, 16), "more than one row"),
        Mistake("SELECT 1 COLLATE \"C\"", "PLA-106", (1, 10), "int"),
        Mistake("SELECT list_transform([1], x -> x + 1)", "PLA-201", (1, 30), "lambda", "UNNEST"),
        Mistake("SELECT 1 / 0", "KRN-101", (1, 10)),
        Mistake("SELECT 2147483647 + 1", "KRN-102", (1, 19), "2147483647 + 1", "int"),
        Mistake("SELECT CAST(s AS INT) FROM (VALUES ('x')) t(s)", "KRN-103", (1, 8), "x", "int"),
        Mistake("SELECT chr(-1)", "KRN-104", (1, 8)),
        Mistake("SELECT regexp_like('a', '(')", "KRN-105", (1, 8)),
        Mistake("SELECT repeat('abcdefgh', 2000000000)", "KRN-106", (1, 8)),
        Mistake(
            "SELECT\n sum(v) FROM (VALUES (9223372036854775807), (1)) t(v)", "KRN-102", (2, 2), "out of range"
        ),
        Mistake(
            "SELECT 1, percentile_cont(2) WITHIN GROUP (ORDER BY v) FROM (VALUES (1)) t(v)", "KRN-104",
            (1, 11), "between 0 and 1"),
        Mistake(
            "SELECT percentile_cont(v, 2) OVER () FROM (VALUES (1)) t(v)", "KRN-104", (1, 8),
            "between 0 and 1"),
        Mistake("SELECT nth_value(v, -1) OVER () FROM (VALUES (1)) t(v)", "KRN-104", (1, 8), "counts from 1"),
        Mistake("SELECT ntile(0) OVER () FROM (VALUES (1)) t(v)", "KRN-104", (1, 8), "one part"),
        Mistake(
            "SELECT sum(v) OVER (ORDER BY v RANGE BETWEEN CURRENT ROW AND o FOLLOWING) "
                + "FROM (VALUES (1, -1)) t(v, o)", "KRN-104", (1, 62), "negative"),
        Mistake("SELECT sum(1) OVER (ROWS NULL PRECEDING)", "PLA-108", (1, 26), "NULL"),
        Mistake("SELECT CAST(12345.678 AS DECIMAL(5, 2))", "KRN-102", (1, 8), "value: 12345.678"),
        Mistake("SELECT to_char(DATE '2026-01-31', '%d %Q')", "KRN-105", (1, 8), "'%Q'"),
        Mistake(
            "SELECT avg(v) FROM (VALUES (1e35::DECIMAL(38, 0))) t(v)", "KRN-102", (1, 8), "more digits"),
        Mistake(
            "SELECT * FROM web.clicks FOR TIMESTAMP AS OF (SELECT now())", "PLA-118", (1, 46),
            "AS OF takes a constant", "parameter"),
        Mistake(
            "SELECT 1 FROM web.clicks a LEFT SEMI JOIN web.clicks b ON TRUE", "SYN-201", (1, 33), "SEMI JOIN",
            "EXISTS"),
        Mistake(
            "SELECT url, grouping(1) FROM web.clicks GROUP BY url", "PLA-110", (1, 22), "keys of GROUP BY"),
        Mistake("SELECT CAST((SELECT x FROM (VALUES (1), (2)) t(x)) AS int)", "EXE-103", nil),
        Mistake(
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT count(*) FROM r", "EXE-102",
            nil),
        Mistake("SELECT 1 FROM clicks", "SES-101", (1, 15), "write namespace.clicks"),
        Mistake("SELECT date_trunc('hourr', at) FROM web.clicks", "PLA-108", (1, 19), "did you mean hour?"),
        Mistake("SELECT date_trunc('x', at) FROM web.clicks", "PLA-108", (1, 19), "microsecond, millisecond"),
        Mistake("SELECT date_diff('dya', at, at) FROM web.clicks", "PLA-108", (1, 18), "did you mean day?"),
        Mistake("SELECT date_diff('nanosecond', now(), now())", "KRN-104", (1, 8), "microsecond"),
        Mistake("SELECT date_trunc(u, now()) FROM (VALUES ('x')) t(u)", "KRN-104", (1, 8), "one like 'hour'"),
        Mistake(
            "SELECT at AT TIME ZONE 'Europe/Berlim' FROM web.clicks", "PLA-108", (1, 24),
            "did you mean 'Europe/Berlin'?"),
        Mistake("SELECT at AT TIME ZONE '+02:00' FROM web.clicks", "PLA-108", (1, 24), "INTERVAL '2 hours'"),
        Mistake("SELECT from_unixtime(60, 'Asia/Tokio')", "PLA-108", (1, 26), "did you mean 'Asia/Tokyo'?"),
        Mistake(
            "SELECT * FROM web.clicks.snapshotz", "PLA-103", (1, 15), "did you mean web.clicks.snapshots?"),
        Mistake(
            "WITH visits AS (SELECT 1) SELECT * FROM vists", "PLA-103", (1, 41), "WITH",
            "did you mean visits?"),
        Mistake("SELECT s.nmae FROM (SELECT {'name': 1} AS s) t", "PLA-114", (1, 10), "did you mean name?"),
        Mistake("SELECT id -> 'x' FROM web.clicks", "PLA-106", (1, 11), "long and string", "JSON"),
        Mistake("SELECT url ->> 1.5 FROM web.clicks", "PLA-106", (1, 12), "string and decimal"),
        Mistake("INSERT INTO web.clicks.branch_x VALUES (1)", "SES-105", (1, 13), "only read", "web.clicks"),
        Mistake("TRUNCATE TABLE web.clicks.tag_x", "SES-105", (1, 16), "only read"),
        Mistake("DROP TABLE web.clicks.snapshots", "SES-105", (1, 12), "only read"),
        Mistake("CREATE VIEW web.v AS SELECT $1 AS a", "PLA-116", (1, 29), "a view has no parameters"),
        Mistake(
            "CREATE VIEW web.v AS SELECT id FROM web.clicks WHERE id = ?", "PLA-116", (1, 59), "kept as text"),
        Mistake("DROP VIEW web.clicks", "SES-105", (1, 11), "table"),
        Mistake("SET nmaespace = 'web'; SELECT 1", "SES-108", (1, 5), "did you mean namespace?"),
        Mistake("INSERT INTO web.clicks (id) VALUES (CAST(NULL AS bigint))", "SES-201", (1, 29), "id"),
        Mistake(
            "INSERT INTO web.clicks (id) VALUES (99999999999999999999)", "PLA-109", (1, 37), "computed: "),
        Mistake(
            "SELECT greatest(x, y) FROM (VALUES (CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)), "
                + "CAST(1 AS DECIMAL(38, 20)))) t(x, y)", "KRN-102", (1, 17)),
        Mistake("ALTER TABLE web.clicks ALTER COLUMN url TYPE INT", "SES-203", (1, 37), "string", "int"),
    ]

    /// Codes that no statement alone causes, and the file whose test does.
    static let elsewhere = [
        "PLA-117": "Tests/SQL/views.slt",
        "SES-107": "Tests/e2e/test_statements.py", "SES-109": "Tests/e2e/test_query_interface.py",
        "EXE-101": "Tests/ExecutionTests/ExecutionFaultTests.swift",
        "EXE-201": "Tests/ExecutionTests/ExecutionFaultTests.swift",
        "EXE-301": "Tests/ExecutionTests/SpillTests.swift",
        "EXE-302": "Tests/ExecutionTests/ExecutionFaultTests.swift",
        "EXE-303": "Tests/ExecutionTests/SpillTests.swift",
    ]
    /// Codes for our own mistakes, and for what a statement cannot bring about: a race, a caller who gives up, a broken
    /// disk, a million files.
    static let notCaused: Set<String> = [
        "PLA-119", "PLA-301", "KRN-201", "KRN-301", "KRN-302", "SES-106", "SES-202",
    ]

    @Test("a mistake gets its code, its place and help", arguments: mistakes)
    func mistake(_ mistake: Mistake) async throws {
        let fixture = try await SessionFixture()
        let error = await #expect(throws: (any Error).self) { try await fixture.rows(mistake.sql) }
        let fault = try #require(error as? any Fault, "\(String(describing: error))")
        #expect(fault.code.rawValue == mistake.code, "\(fault)")
        if let (line, column) = mistake.place {
            #expect(fault.place == .text(line: line, column: column), "\(fault)")
        }
        for word in mistake.words { #expect("\(fault)".contains(word), "\(fault) does not say \(word)") }
    }

    @Test("a query that nobody knows, and one too many")
    func queries() async throws {
        var limits = QueryRegistry.Limits()
        limits.running = 0
        let fixture = try await SessionFixture(limits: limits)
        let tooMany = await #expect(throws: SessionsError.self) { try await fixture.rows("SELECT 1") }
        #expect(tooMany?.code == .tooManyQueries)
        let unknown = #expect(throws: SessionsError.self) { try fixture.session.queries.cancel("nobody") }
        #expect(unknown?.code == .unknownQuery)
    }

    @Test("no code is forgotten")
    func complete() throws {
        let codes =
            SQLSyntaxError.Code.allCases.map(\.rawValue) + PlannerError.Code.allCases.map(\.rawValue)
            + KernelError.Code.allCases.map(\.rawValue) + ExecutionError.Code.allCases.map(\.rawValue)
            + SessionsError.Code.allCases.map(\.rawValue)
        let here = Set(Self.mistakes.map(\.code)).union(["SES-102", "SES-103"])
        let known = here.union(Self.elsewhere.keys).union(Self.notCaused)
        #expect(codes.filter { !known.contains($0) } == [])
        #expect(known.subtracting(codes) == [])
        let root = SQLFile.folder.deletingLastPathComponent().deletingLastPathComponent()
        for (code, file) in Self.elsewhere {
            let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
            let name = ExecutionError.Code(rawValue: code).map { ".\($0)" } ?? code
            #expect(text.contains(name), "\(file) has no \(code)")
        }
    }
}
