import Columnar
import Kernels
import Plans
import SQLSyntax

/// Functions over text that take bytes too, and then count bytes; as in PostgreSQL.
struct ByteCalls {
    let binding: ArgumentBinding

    /// The call; nil for a function that takes text alone, or a first argument that is not binary.
    func bind(
        _ name: String, _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) -> Expression? {
        guard arguments.first?.type == .binary else { return nil }
        switch (name, arguments.count) {
        case ("length", 1), ("octet_length", 1): return .call(.octetLength, arguments, .int)
        case ("bit_length", 1): return .call(.bitLength, arguments, .int)
        case ("substr", 2), ("substr", 3), ("substring", 2), ("substring", 3):
            let bound = try binding.bind(
                arguments, at: positions,
                kinds: [.bytes] + Array(repeating: .integer, count: arguments.count - 1))
            return .call(.substring, bound, .binary)
        default: return nil
        }
    }
}
