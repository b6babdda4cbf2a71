import Columnar
import Kernels

/// One function that needs a window.
struct WindowDefinition: Sendable {
    let function: WindowFunction
    let required: [ParameterKind]
    let optional: [ParameterKind]
    let result: ResultRule

    init(
        _ function: WindowFunction, _ required: [ParameterKind], optional: [ParameterKind] = [],
        _ result: ResultRule
    ) {
        self.function = function
        self.required = required
        self.optional = optional
        self.result = result
    }
}

/// All functions that stand only before OVER, and those aggregates that mean another thing there.
enum WindowRegistry {
    static let all: [WindowDefinition] = [
        WindowDefinition(.rowNumber, [], .type(.long)),
        WindowDefinition(.rank, [], .type(.long)),
        WindowDefinition(.denseRank, [], .type(.long)),
        WindowDefinition(.percentRank, [], .type(.double)),
        WindowDefinition(.cumeDist, [], .type(.double)),
        WindowDefinition(.ntile, [.integer], .type(.long)),
        WindowDefinition(.lag, [.any], optional: [.integer, .any], .argument(0)),
        WindowDefinition(.lead, [.any], optional: [.integer, .any], .argument(0)),
        WindowDefinition(.firstValue, [.any], .argument(0)),
        WindowDefinition(.lastValue, [.any], .argument(0)),
        WindowDefinition(.nthValue, [.any, .integer], .argument(0)),
    ]

    private static let aliases: [String: WindowFunction] = ["first": .firstValue, "last": .lastValue]

    static func find(_ name: String) -> WindowDefinition? {
        let lowered = name.lowercased()
        return all.first { $0.function.name == lowered || $0.function == aliases[lowered] }
    }

    /// Needs OVER: it is no aggregate.
    static func needsWindow(_ name: String) -> Bool {
        find(name) != nil && AggregateRegistry.find(name) == nil
    }

    static var names: [String] { all.map(\.function.name) }
}
