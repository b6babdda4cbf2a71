import Columnar
import Execution
import JSONText
import Planner
import Plans
import SQLSyntax

/// EXPLAIN: the plan as text, a line a row, or as one JSON document; with ANALYZE what each operator did, with PASSES how
/// the plan came about.
enum ExplainStatement {
    /// What comes before the first pass: subqueries have become joins by then.
    private static let bindingName = "bind_and_decorrelate"
    private static let operatorsName = "choose_operators"

    static func answer(_ result: Planner.Result, _ explain: ExplainSyntax) -> Batch {
        switch explain.format {
        case .json:
            let document = explain.showsPasses ? passes(result, json(result.plan)) : json(result.plan)
            return CatalogStatements.texts(
                ["plan"], [[String(decoding: document.serialized(indent: 2), as: UTF8.self)]])
        case .text, .tree:
            return explain.showsPasses
                ? steps(result, operators: result.plan.description) : lines(result.plan.description)
        }
    }

    /// After the run of the plan.
    static func profile(
        _ profile: QueryProfile, _ result: Planner.Result, _ explain: ExplainSyntax
    ) -> Batch {
        if explain.format == .json {
            var operators = profile.operators[...]
            let plan = json(profile.plan, &operators)
            let document: JSONValue = explain.showsPasses ? passes(result, plan) : plan
            return CatalogStatements.texts(
                ["plan"], [[String(decoding: document.serialized(indent: 2), as: UTF8.self)]])
        }
        return explain.showsPasses
            ? steps(result, operators: profile.text, isTimed: true) : lines(profile.text)
    }

    /// With what each operator did; `operators` are those of this node and the nodes below, depth first.
    private static func json(_ plan: PhysicalPlan, _ operators: inout ArraySlice<OperatorProfile>)
        -> JSONValue
    {
        let counts = operators.removeFirst()
        var inputs: [JSONValue] = []
        for input in plan.inputs { inputs.append(json(input, &operators)) }
        guard case .object(var object) = node(plan.line, plan.schema, inputs) else { return .null }
        object["rows"] = .integer(counts.rowCount)
        object["batches"] = .integer(counts.batchCount)
        object["bytes"] = .integer(counts.byteCount)
        object["milliseconds"] = JSONValue(Double(counts.computedNanoseconds / 10_000) / 100)
        object["peak_memory_bytes"] = .integer(counts.peakMemoryBytes)
        object["spilled_bytes"] = .integer(counts.spilledBytes)
        if let scan = counts.scan {
            var numbers = JSONObject()
            for (name, count) in scan.numbers { numbers[name] = .integer(count) }
            object["scan"] = .object(numbers)
        }
        return .object(object)
    }

    private static func lines(_ text: String) -> Batch {
        CatalogStatements.texts(["plan"], text.split(separator: "\n").map { [String($0)] })
    }

    /// The bound plan, the plan after each pass that changed it, then the operators; the pass beside each line.
    private static func steps(_ result: Planner.Result, operators: String, isTimed: Bool = false) -> Batch {
        var rows: [[String]] = []
        func add(_ name: String, _ text: String) {
            rows += text.split(separator: "\n").map { [name, String($0)] }
        }
        add(bindingName, result.bound.description)
        for step in result.steps {
            let time = isTimed ? " (\(step.nanoseconds / 1000) us)" : ""
            add(step.pass + time, step.plan.description)
        }
        add(operatorsName, operators)
        return CatalogStatements.texts(["pass", "plan"], rows)
    }

    /// `{"passes": [{"pass": "bind_and_decorrelate", "plan": {…}}, …], "plan": {…}}`
    private static func passes(_ result: Planner.Result, _ plan: JSONValue) -> JSONValue {
        let steps = [(bindingName, result.bound)] + result.steps.map { ($0.pass, $0.plan) }
        return [
            "passes": .array(steps.map { ["pass": .string($0.0), "plan": json($0.1)] }),
            "plan": plan,
        ]
    }

    private static func json(_ plan: PhysicalPlan) -> JSONValue {
        node(plan.line, plan.schema, plan.inputs.map { json($0) })
    }

    private static func json(_ plan: LogicalPlan) -> JSONValue {
        node(plan.line, plan.schema, plan.inputs.map { json($0) })
    }

    /// `{"node": "Filter", "details": "a > 1", "columns": [...], "inputs": [...]}`
    private static func node(_ line: String, _ schema: Schema, _ inputs: [JSONValue]) -> JSONValue {
        let parts = line.split(separator: ":", maxSplits: 1)
        let columns = schema.fields.map { field -> JSONValue in
            ["name": .string(field.name), "type": .string("\(field.type)")]
        }
        return [
            "node": .string(String(parts[0])),
            "details": .string(parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""),
            "columns": .array(columns), "inputs": .array(inputs),
        ]
    }
}
