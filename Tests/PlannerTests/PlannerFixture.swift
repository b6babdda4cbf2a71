import Columnar
import Effects
import Plans
import SQLSyntax

@testable import Planner

/// A planner over one table, `web.flights`.
enum PlannerFixture {
    static let fields: [Field] = [
        Field(id: 1, "year", .int), Field(id: 2, "dep_delay", .double), Field(id: 3, "origin", .string),
        Field(id: 4, "distance", .long), Field(id: 5, "day", .date), Field(id: 6, "at", .timestamp),
        Field(id: 7, "price", .decimal(precision: 9, scale: 2)), Field(id: 8, "cancelled", .boolean),
        Field(id: 9, "id", .uuid), Field(id: 10, "tags", .list(Field(id: 11, "element", .string))),
        Field(id: 12, "who", .structure([Field(id: 13, "name", .string), Field(id: 14, "age", .int)])),
        Field(id: 15, "doc", .json), Field(id: 16, "seen", .timestamptz), Field(id: 17, "Case", .string),
        Field(id: 18, "m", .map(key: Field(id: 19, "key", .string), value: Field(id: 20, "value", .long))),
    ]

    static var settings: PlannerSettings {
        // 2026-01-31T12:00:00Z
        PlannerSettings(now: Instant(microseconds: 1_769_860_800_000_000))
    }

    static func plan(
        _ text: String, disabled: Set<String> = [], parameters: [PlannerParameter] = []
    ) throws -> PhysicalPlan {
        try result(text, disabled: disabled, parameters: parameters).plan
    }

    static func result(
        _ text: String, disabled: Set<String> = [], parameters: [PlannerParameter] = []
    ) throws -> Planner.Result {
        guard case .query(let query) = try SQLParser.statement(text) else { preconditionFailure("a query") }
        var tables = TableCatalogue()
        for name in Planner.tables(in: query) where name.last.text == "flights" {
            tables[name] = SourceTable(
                warehouse: "local_lake", namespace: ["web"], name: "flights",
                metadataLocation: "s3://lake/m.json",
                snapshotID: 7, fields: fields)
        }
        var settings = settings
        settings.disabledPasses = disabled
        return try Planner(settings: settings, parameters: PlannerParameters(positional: parameters)).plan(
            query, tables: tables)
    }

    /// The literal a constant expression folds to.
    static func literal(_ expression: String) throws -> String {
        let plan = try plan("SELECT \(expression)")
        guard case .project(let projection, _) = plan else { return plan.description }
        return projection.expressions[0].description
    }

    static func type(_ expression: String) throws -> DataType {
        try plan("SELECT \(expression) FROM web.flights").schema.fields[0].type
    }
}
