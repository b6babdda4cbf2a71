import Columnar
import Faults
import Plans
import SQLSyntax
import Testing

@testable import Planner

@Suite("Pipelines unfold events into rows")
struct PipelineBranchTests {
    static let e = Schema([
        Field("id", .long, isRequired: true), Field("tags", .list(Field("element", .string))),
        Field("items", .list(Field("element", .structure([Field("sku", .string), Field("n", .int)])))),
        Field("props", .map(key: Field("key", .string), value: Field("value", .double))),
        Field("note", .string),
    ])
    static let f = Schema([Field("code", .int), Field("id", .int, isRequired: true)])

    private func programs(_ text: String) throws -> [PipelineProgram] {
        guard case .insert(let insert) = try SQLParser.statements(text)[0] else {
            preconditionFailure("an insert")
        }
        return try Planner(settings: PlannerFixture.settings).pipeline(
            insert,
            streams: try Planner.streams(of: insert).map { ($0, $0.last.text == "f" ? Self.f : Self.e) })
    }

    /// A line for each step: filter, columns, what is unnested.
    private func text(_ program: PipelineProgram, over schema: Schema = Self.e) -> [String] {
        program.branches.flatMap { branch in
            var input = schema
            return branch.steps.map { step in
                defer { input = step.output }
                let columns = step.projection.expressions.map { $0.text(over: input) }
                let unnested = step.unnesting.map { unnesting in
                    " -> "
                        + unnesting.expressions.map { $0.text(over: step.projection.schema) }
                        .joined(separator: ", ")
                }
                return (step.filter.map { $0.text(over: input) + ": " } ?? "")
                    + columns.joined(separator: ", ") + (unnested ?? "")
            }
        }
    }

    @Test("a list in the select list makes a row of each element")
    func selectList() throws {
        let program = try programs("INSERT INTO s SELECT id, upper(unnest(tags)) AS tag FROM e WHERE id > 0")[
            0]
        #expect(program.unfolds)
        #expect(
            text(program) == [
                "id > 0: id, tags, null, null, null -> tags", "id, upper(unnest)",
            ])
        #expect(program.schema.description == "id: long required, tag: string")
    }

    @Test("rows are filtered by their elements, and fields of structs are read")
    func filters() throws {
        let program = try programs(
            "INSERT INTO s SELECT id, item.sku, item.n * 2 AS twice FROM (SELECT id, unnest(items) AS item FROM e) WHERE item.n > 1 AND id < 9"
        )[0]
        #expect(
            text(program) == [
                "id < 9: id, null, items, null, null -> items",
                "get_field(unnest, 'n') > 1: id, get_field(unnest, 'sku'), get_field(unnest, 'n') * 2",
            ])
    }

    @Test("maps and series stand in FROM, one behind the other")
    func from() throws {
        let program = try programs(
            "INSERT INTO s SELECT e.id, m.key, m.value, g.n FROM e, UNNEST(props) AS m(key, value), generate_series(1, id) AS g(n)"
        )[0]
        #expect(program.branches[0].steps.count == 3)
        #expect(program.schema.description == "id: long required, key: string, value: double, n: long")
        let empty = try programs(
            "INSERT INTO s SELECT id, t.x FROM e LEFT JOIN UNNEST(tags) AS t(x) ON TRUE")[0]
        #expect(empty.branches[0].steps[0].unnesting?.keepsEmpty == true)
    }

    @Test("UNION ALL gives a program for each stream, a branch for each SELECT")
    func unions() throws {
        let programs = try programs(
            """
            INSERT INTO s WITH both AS (SELECT id, note FROM e WHERE id > 1 UNION ALL SELECT id, 'f' FROM f)
            SELECT id + 1 AS next, note FROM both WHERE note <> '' UNION ALL SELECT id, 'again' FROM e
            """)
        #expect(programs.map(\.stream) == ["e", "f"])
        #expect(programs.map(\.branches.count) == [2, 1])
        #expect(programs[0].schema == programs[1].schema)
        #expect(programs[0].schema.description == "next: long, note: string")
        #expect(
            text(programs[0]) == ["(id > 1) and (note <> ''): id + 1, note", "id, 'again'"])
        #expect(text(programs[1], over: Self.f).count == 1)
        #expect(programs[0].unfolds && !programs[1].unfolds)
        // Required is what is required in each.
        let required = try self.programs("INSERT INTO s SELECT id FROM e UNION ALL SELECT id::bigint FROM f")
        #expect(required.map(\.schema.description) == ["id: long", "id: long"])
        // A stream no event of which can pass is read all the same: its events are filtered.
        let never = try self.programs(
            "INSERT INTO s SELECT id FROM e UNION ALL SELECT code FROM f WHERE FALSE")
        #expect(never.map(\.branches.count) == [1, 0])
    }

    @Test("unlike columns and too many SELECTs are refused")
    func refused() throws {
        let unlike = #expect(throws: PlannerError.self) {
            try programs("INSERT INTO s SELECT id FROM e UNION ALL SELECT code, id FROM f")
        }
        #expect(unlike?.code == .unlikeShape)
        let many = Array(repeating: "SELECT id FROM e", count: 65).joined(separator: " UNION ALL ")
        let fault = #expect(throws: PlannerError.self) { try programs("INSERT INTO s \(many)") }
        #expect(fault?.code == .unsupported)
        let function = #expect(throws: PlannerError.self) {
            try programs("INSERT INTO s SELECT t.x FROM UNNEST([1]) AS t(x), e")
        }
        #expect(function?.summary == "a table function in a pipeline is not supported")
    }
}
