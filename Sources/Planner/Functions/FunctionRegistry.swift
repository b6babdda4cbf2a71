import Kernels

/// All functions over rows, by any of their names.
enum FunctionRegistry {
    static let all: [FunctionDefinition] =
        conditional + mathematics + trigonometry + text + textMeasures + patterns + time + timeConversions
        + digests
        + json + nested + lists + addresses

    private static let byName: [String: FunctionDefinition] = {
        var table: [String: FunctionDefinition] = [:]
        for definition in all {
            for name in definition.names {
                precondition(
                    table.updateValue(definition, forKey: name) == nil, "two functions are called \(name)")
            }
        }
        return table
    }()

    static func find(_ name: String) -> FunctionDefinition? { byName[name.lowercased()] }

    static var names: [String] { byName.keys.sorted() }
}
