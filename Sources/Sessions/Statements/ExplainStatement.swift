import Columnar
import JSONText
import Planner
import Plans
import SQLSyntax

/// EXPLAIN: the plan as text, a line a row, or as one JSON document.
struct ExplainStatement {
    let explain: ExplainSyntax

    init(_ explain: ExplainSyntax) { self.explain = explain }

    func answer(_ result: Planner.Result) throws(SessionsError) -> Batch {
        if explain.isAnalyzing {
            throw SessionsError(
                .unsupportedStatement, "EXPLAIN ANALYZE is not supported", at: explain.query.position.place,
                hint: "EXPLAIN shows the plan without running it")
        }
        switch explain.format {
        case .json:
            let text = String(decoding: Self.json(result.plan).serialized(indent: 2), as: UTF8.self)
            return CatalogStatements.texts(["plan"], [[text]])
        case .text, .tree:
            let lines = result.plan.description.split(separator: "\n").map { [String($0)] as [String?] }
            return CatalogStatements.texts(["plan"], lines)
        }
    }

    /// `{"node": "Filter", "details": "a > 1", "columns": [...], "inputs": [...]}`
    private static func json(_ plan: PhysicalPlan) -> JSONValue {
        let parts = plan.line.split(separator: ":", maxSplits: 1)
        let columns = plan.schema.fields.map { field -> JSONValue in
            ["name": .string(field.name), "type": .string("\(field.type)")]
        }
        return [
            "node": .string(String(parts[0])),
            "details": .string(parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""),
            "columns": .array(columns), "inputs": .array(plan.inputs.map(json)),
        ]
    }
}
