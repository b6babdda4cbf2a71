import Columnar
import Foundation
import Plans
import SQLSyntax
import Testing

@testable import Planner

@Suite("The example's files mean what they say")
struct ExampleFileTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Examples/flights")

    static let stream = Schema([
        Field("year", .int, isRequired: true), Field("month", .int, isRequired: true),
        Field("day", .int, isRequired: true), Field("dep_time", .int), Field("dep_delay", .int),
        Field("arr_delay", .int), Field("carrier", .string, isRequired: true),
        Field("flight", .int, isRequired: true), Field("tailnum", .string),
        Field("origin", .string, isRequired: true), Field("dest", .string, isRequired: true),
        Field("air_time", .double), Field("distance", .double, isRequired: true),
        Field("hour", .int, isRequired: true), Field("minute", .int, isRequired: true),
    ])

    func program() throws -> PipelineProgram {
        let text = try String(contentsOf: Self.folder.appending(path: "pipeline.sql"), encoding: .utf8)
        guard case .insert(let insert) = try SQLParser.statements(text)[0] else {
            preconditionFailure("an insert")
        }
        let name = try Planner.streams(of: insert)[0]
        return try Planner(settings: PlannerFixture.settings)
            .pipeline(insert, streams: [(name, Self.stream)])[0]
    }

    @Test("the pipeline gives the table's columns")
    func pipeline() throws {
        #expect(
            try program().schema.description
                == "flight: string, carrier: string required, tailnum: string, origin: string required, "
                + "dest: string required, route: string, scheduled: timestamp, dep_delay: int, arr_delay: int, "
                + "air_time: double, miles: int, outcome: string")
    }

    @Test("every query plans over that table")
    func queries() throws {
        let fields = try program().schema.fields.enumerated().map { index, field in
            Field(id: index + 1, field.name, field.type, isRequired: field.isRequired)
        }
        let text = try String(contentsOf: Self.folder.appending(path: "queries.sql"), encoding: .utf8)
        let statements = try SQLParser.statements(text)
        #expect(statements.count >= 5)
        for statement in statements {
            guard case .query(let query) = statement else { preconditionFailure("a query") }
            var tables = TableCatalogue()
            for name in Planner.tables(in: query) {
                tables[name] = SourceTable(
                    warehouse: "local_lake", namespace: ["air"], name: "flights",
                    metadataLocation: "s3://lake/m.json",
                    snapshotID: 1, fields: fields)
            }
            let plan = try Planner(settings: PlannerFixture.settings).plan(query, tables: tables).plan
            #expect(try PhysicalPlan(encoded: plan.encoded) == plan)
        }
    }
}
