import Columnar
import Faults
import Plans
import SQLSyntax
import Testing

@testable import Planner

@Suite("Pipelines compile to a filter and columns")
struct PipelineTests {
    static let stream = Schema([
        Field("user_id", .string, isRequired: true), Field("event", .string), Field("ts_us", .long),
        Field("url", .string),
        Field("referrer", .string), Field("user_agent", .string),
    ])

    func programs(_ text: String) throws -> [PipelineProgram] {
        guard case .insert(let insert) = try SQLParser.statements(text)[0] else {
            preconditionFailure("an insert")
        }
        return try Planner(settings: PlannerFixture.settings).pipeline(
            insert, streams: try Planner.streams(of: insert).map { ($0, Self.stream) })
    }

    /// Of a query over one stream.
    func compile(_ text: String) throws -> PipelineProgram { try programs(text)[0] }

    /// Of a query that makes one row of an event.
    func step(_ text: String) throws -> PipelineStep {
        let program = try compile(text)
        #expect(!program.unfolds)
        return try #require(program.branches.first?.steps.first)
    }

    @Test("the seed pipeline")
    func seed() throws {
        let program = try compile(
            """
            INSERT INTO events_table
            SELECT user_id, lower(event) AS event_type, to_timestamp_micros(ts_us) AS event_time,
                   regexp_match(url, '^https?://([^/]+)')[1] AS domain, url, referrer, user_agent
            FROM events_json
            WHERE event = 'page_view' AND NOT regexp_like(user_agent, '(?i)bot|spider');
            """)
        #expect(program.sink == "events_table")
        #expect(program.stream == "events_json")
        #expect(
            program.branches[0].steps[0].filter?.text(over: Self.stream)
                == "(event = 'page_view') and (not regexp_like(user_agent, '(?i)bot|spider'))")
        #expect(
            program.schema.description
                == "user_id: string required, event_type: string, event_time: timestamp, domain: string, url: string, referrer: string, user_agent: string"
        )
    }

    @Test(
        "columns have places, and a name that is taken is told",
        arguments: [
            ("SELECT user_id, lower(event) AS e FROM s", "1:22 1:47", nil),
            ("SELECT user_id, event, user_id FROM s", "1:22 1:31 1:38", "user_id 1:38"),
            (
                "SELECT event, * EXCLUDE (url, referrer, user_agent), ts_us FROM s",
                "1:22 1:29 1:29 1:29 1:68", "event 1:29"
            ),
            ("SELECT event AS a FROM s UNION ALL SELECT url FROM s", "1:31", nil),
        ])
    func places(_ text: String, _ places: String, _ repeated: String?) throws {
        let program = try compile("INSERT INTO k \(text)")
        #expect(program.places.map { "\($0.line):\($0.column)" }.joined(separator: " ") == places)
        #expect(
            program.repeatedColumn.map { "\($0.name) \($0.position.line):\($0.position.column)" } == repeated)
    }

    @Test("a list of columns gives names and places")
    func listedPlaces() throws {
        let program = try compile("INSERT INTO k (a, b, a) SELECT user_id, event, url FROM s")
        #expect(program.places.map(\.column) == [16, 19, 22] && program.repeatedColumn?.name == "a")
        #expect(try compile("INSERT INTO k (a, b) SELECT user_id, user_id FROM s").repeatedColumn == nil)
        // Two spellings of a letter are two names.
        let spellings = "INSERT INTO k (\"\u{e9}\", \"e\u{301}\") SELECT user_id, event FROM s"
        #expect(try compile(spellings).repeatedColumn == nil)
    }

    @Test("subqueries and WITH flatten; stars keep the stream's columns")
    func flatten() throws {
        let program = try step(
            "INSERT INTO s WITH a AS (SELECT user_id AS u, ts_us / 1000 AS ms FROM e WHERE ts_us > 0) SELECT u, ms, ms + 1 FROM a WHERE ms < 10"
        )
        #expect(program.filter?.text(over: Self.stream) == "(ts_us > 0) and ((ts_us / 1000) < 10)")
        #expect(
            program.projection.expressions.map { $0.text(over: Self.stream) } == [
                "user_id", "ts_us / 1000", "(ts_us / 1000) + 1",
            ])
        #expect(try compile("INSERT INTO s SELECT * FROM e").schema == Self.stream)
        #expect(try compile("INSERT INTO s SELECT * FROM e WHERE FALSE").branches.isEmpty)
    }

    @Test("what needs more than one event is refused")
    func refused() {
        for text in [
            "INSERT INTO s SELECT count(*) FROM e", "INSERT INTO s SELECT url FROM e ORDER BY 1",
            "INSERT INTO s SELECT url FROM e LIMIT 1",
            "INSERT INTO s SELECT DISTINCT url FROM e", "INSERT INTO s SELECT 1",
            "INSERT INTO s SELECT url FROM e UNION SELECT url FROM e",
            "INSERT INTO s SELECT url FROM e UNION ALL SELECT max(url) FROM e",
            "INSERT INTO s SELECT a.url FROM e a, f b",
        ] {
            let fault = #expect(throws: PlannerError.self, "\(text)") { try compile(text) }
            #expect(fault?.code == .unsupported, "\(text)")
        }
    }

    @Test(
        "and the fault says where",
        arguments: [
            ("INSERT INTO s SELECT url\nFROM e ORDER BY url", "ORDER BY", 2, 17),
            ("INSERT INTO s SELECT url FROM e LIMIT 1", "LIMIT", 1, 39),
            ("INSERT INTO s SELECT url FROM e GROUP BY url", "GROUP BY", 1, 42),
            ("INSERT INTO s SELECT count(*) FROM e", "an aggregate", 1, 22),
            ("INSERT INTO s SELECT DISTINCT url FROM e", "DISTINCT", 1, 15),
            ("INSERT INTO s SELECT url FROM e UNION SELECT url FROM e", "UNION", 1, 39),
            ("INSERT INTO s SELECT unnest([url]) FROM e ORDER BY 1", "ORDER BY", 1, 52),
            ("INSERT INTO s SELECT a.url FROM e a, UNNEST([1]) AS t(x), f b", "a join", 1, 59),
            ("INSERT INTO s SELECT a.url FROM e a JOIN e b ON a.url = b.url", "a join", 1, 37),
        ] as [(String, String, Int, Int)])
    func places(text: String, clause: String, line: Int, column: Int) {
        let fault = #expect(throws: PlannerError.self) { try compile(text) }
        #expect(fault?.summary == "\(clause) in a pipeline is not supported")
        #expect(fault?.place == .text(line: line, column: column))
    }

    @Test("a pipeline whose subqueries double their columns is refused")
    func growth() {
        var text = "SELECT ts_us AS x FROM e"
        for _ in 0..<40 { text = "SELECT x + x AS x FROM (\(text))" }
        let fault = #expect(throws: PlannerError.self) { try compile("INSERT INTO s \(text)") }
        #expect(fault?.code == .unsupported)
    }
}
