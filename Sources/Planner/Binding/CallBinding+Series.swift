import Columnar
import Kernels
import Plans
import SQLSyntax

extension CallBinding {
    /// `range` and `generate_series` over dates and times, as lists; nil over other values.
    func timeSeries(
        _ name: String, _ arguments: [Expression], at positions: [TextPosition], callPosition: TextPosition
    ) throws(PlannerError) -> Expression? {
        let bounds = arguments.prefix(2).map(\.type)
        guard bounds.contains(where: { $0 == .date || $0.isTimestamp }) else { return nil }
        guard arguments.count == 3 else {
            throw PlannerError(
                .wrongArgumentCount, "a series of times needs a start, an end and a step", at: callPosition,
                hint: "add INTERVAL '1 day'")
        }
        let (values, type) = try context.coercion.unify(
            Array(arguments[..<2]), at: Array(positions[..<2]), for: name)
        let step = try context.coercion.coerce(arguments[2], to: .interval, at: positions[2], for: name)
        return .call(
            name == "range" ? .arrayRange : .arraySeries, values + [step], .list(Field("element", type)))
    }
}
