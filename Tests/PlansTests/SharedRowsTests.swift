import Columnar
import JSONText
import Testing

@testable import Plans

@Suite("Shared rows in plans")
struct SharedRowsTests {
    private static let schema = Schema([Field("n", .long)])
    private static let rows = PhysicalPlan.values(ValueRows(schema: schema, rows: [[.long(1)]]))

    private static func reader(_ id: Int, _ type: DataType = .long) -> PhysicalPlan {
        .shared(SharedRows(id: id, schema: Schema([Field("m", type)])))
    }

    @Test("they are read behind their query, in others and in the body")
    func read() throws {
        let plan = PhysicalPlan.sharing(
            ids: [2, 1], queries: [Self.rows, .union([Self.reader(2), Self.reader(2)])],
            body: .union([Self.reader(1), Self.reader(2)]))
        try plan.check()
        #expect(try PhysicalPlan(encoded: try JSONParser.parse(plan.encoded.serialized())) == plan)
        #expect(plan.schema == Schema([Field("m", .long)]))
        #expect(
            plan.description == """
                Sharing: ids=[2, 1]
                  Values: columns=1, rows=1
                  Union: inputs=2
                    Shared: id=2
                    Shared: id=2
                  Union: inputs=2
                    Shared: id=1
                    Shared: id=2
                """)
    }

    @Test(
        "a reader of what is not there is refused",
        arguments: [
            reader(1),
            .union([.sharing(ids: [1], queries: [rows], body: reader(1)), reader(1)]),
            .sharing(ids: [1], queries: [rows], body: reader(2)),
            .sharing(ids: [1], queries: [rows], body: reader(1, .string)),
            .sharing(ids: [1], queries: [reader(1)], body: rows),
            .sharing(ids: [1, 2], queries: [reader(2), rows], body: rows),
            .sharing(ids: [1, 1], queries: [rows, rows], body: reader(1)),
            .sharing(ids: [1], queries: [], body: rows),
        ])
    func refused(plan: PhysicalPlan) {
        let error = #expect(throws: PlansError.self) { try plan.check() }
        #expect(error?.code == .inconsistent)
    }

    @Test(
        "an odd encoding is refused",
        arguments: [
            #"{"node": "sharing", "ids": [1], "inputs": []}"#,
            #"{"node": "sharing", "ids": ["a"], "inputs": [{"node": "values", "fields": [], "rows": []}]}"#,
            #"{"node": "sharing", "inputs": [{"node": "values", "fields": [], "rows": []}]}"#,
            #"{"node": "shared", "id": 1}"#,
        ])
    func malformed(plan: String) {
        let error = #expect(throws: PlansError.self) {
            _ = try PhysicalPlan(encoded: try JSONParser.parse(#"{"version": 1, "plan": \#(plan)}"#))
        }
        #expect(error?.code == .malformed)
    }
}
