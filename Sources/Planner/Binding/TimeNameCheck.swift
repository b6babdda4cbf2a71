import Kernels
import Plans
import SQLSyntax

/// Looks at the units and zones that calls name in quotes: a wrong one is wrong before there is a row, and its place is
/// known.
enum TimeNameCheck {
    /// - Errors: `invalidLiteral` at the name, with the one that was meant.
    static func check(
        _ function: ScalarFunction, _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) {
        switch function {
        case .dateTruncate, .dateDiff: try checkUnit(arguments[0], at: positions[0])
        case .timeZone: try checkZone(arguments[0], at: positions[0])
        case .fromUnixTime where arguments.count > 1: try checkZone(arguments[1], at: positions[1])
        default: break
        }
    }

    private static func checkUnit(_ name: Expression, at position: TextPosition) throws(PlannerError) {
        guard let text = name.constantText, !TimeNames.isUnit(text) else { return }
        throw PlannerError(
            .invalidLiteral, "there is no such unit of time", ["unit": "'\(text)'"], at: position,
            hint: NameMatch.hint(text, among: TimeNames.units)
                ?? "the units are \(TimeNames.units.joined(separator: ", "))")
    }

    private static func checkZone(_ name: Expression, at position: TextPosition) throws(PlannerError) {
        guard let text = name.constantText else { return }
        do {
            try TimeNames.checkZone(text)
        } catch {
            let near = NearestName.find(text, among: TimeNames.zones)
            throw PlannerError(
                .invalidLiteral, error.summary, ["zone": "'\(text)'"], at: position,
                hint: near.map { "did you mean '\($0)'?" }, cause: error)
        }
    }
}
