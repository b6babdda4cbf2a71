import Kernels
import Plans
import SQLSyntax
import Testing

@testable import Planner

@Suite("Every function takes nulls")
struct FunctionNullTests {
    /// Functions that give an answer beside a null, with the reason in their summary.
    static let answering: Set<String> = [
        "coalesce", "nvl2", "nullif", "greatest", "least", "concat", "concat_ws", "make_array",
        "typeof", "arrow_typeof",
        "array_append", "array_prepend", "array_concat", "array_union", "array_except", "array_repeat",
        "array_resize", "array_sort", "array_position", "array_positions", "array_remove_n", "array_replace",
        "array_replace_n",
        "array_replace_all", "array_slice",
        "json_contains",
        "array_has", "string_to_array", "nanvl",
    ]

    @Test(
        "a null in any place gives null, unless the function says otherwise",
        arguments: FunctionRegistry.all.map(\.names[0]))
    func nulls(name: String) throws {
        let definition = try #require(FunctionRegistry.find(name))
        guard !definition.function.isVolatile,
            case .call(let call) = try SQLParser.expression(definition.example.call).innermostCall?.kind
        else { return }
        for place in call.arguments.indices {
            var changed = call
            changed.arguments[place] = ExpressionSyntax(.literal(.null))
            let text = "\(ExpressionSyntax(.call(changed)))"
            let answer: String
            do {
                answer = try PlannerFixture.literal(text)
            } catch let fault as PlannerError where fault.code == .typeMismatch {
                // A map, or a list of lists: an untyped null is none.
                continue
            }
            #expect(answer == "null" || Self.answering.contains(name), "\(text) gives \(answer)")
        }
    }
}

extension ExpressionSyntax {
    /// The call itself, below what an example wraps around it to show its answer.
    fileprivate var innermostCall: ExpressionSyntax? {
        switch kind {
        case .call(let call):
            if ["length", "cardinality"].contains(call.function.last.text.lowercased()),
                let inner = call.arguments.first?.innermostCall
            {
                return inner
            }
            return self
        case .element(let value, _), .field(let value, _), .cast(let value, _, _): return value.innermostCall
        default: return nil
        }
    }
}
