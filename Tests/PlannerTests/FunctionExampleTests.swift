import Kernels
import Testing

@testable import Planner

@Suite("Every function's example gives its answer")
struct FunctionExampleTests {
    @Test("examples", arguments: FunctionRegistry.all.map(\.names[0]))
    func examples(name: String) throws {
        let definition = try #require(FunctionRegistry.find(name))
        // Random functions never fold.
        if definition.function.isVolatile { return }
        #expect(
            try PlannerFixture.literal(definition.example.call) == definition.example.answer,
            "\(definition.example.call)")
    }
}
