import Columnar
import Execution
import JSONText
import Planner
import Plans
import SQLSyntax

/// EXPLAIN: the plan as text, a line a row, or as one JSON document; with ANALYZE what each operator did.
enum ExplainStatement {
    static func answer(_ result: Planner.Result, _ format: ExplainSyntax.Format) -> Batch {
        switch format {
        case .json:
            let text = String(decoding: json(result.plan).serialized(indent: 2), as: UTF8.self)
            return CatalogStatements.texts(["plan"], [[text]])
        case .text, .tree: return lines(result.plan.description)
        }
    }

    static func profile(_ profile: QueryProfile) -> Batch { lines(profile.text) }

    private static func lines(_ text: String) -> Batch {
        CatalogStatements.texts(["plan"], text.split(separator: "\n").map { [String($0)] })
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
