import Columnar
package import JSONText
import Planner
import SQLSyntax

extension StatementRequest {
    /// Reads the body's `parameters`: an array for `$1` and `?`, an object for `:name`. Values are typed as literals are, so that
    /// text takes the type of its place; `null` is NULL.
    ///
    /// - Errors: `SES-109` for arrays and objects inside, `PLA-108` for numbers with too many digits.
    package mutating func apply(parameters json: JSONValue) throws {
        switch json {
        case .array(let values):
            parameters = PlannerParameters(
                positional: try values.enumerated().map { try Self.parameter($1, called: "$\($0 + 1)") })
        case .object(let object):
            parameters = PlannerParameters(
                named: try object.members.reduce(into: [:]) {
                    $0[$1.name] = try Self.parameter($1.value, called: ":\($1.name)")
                })
        default:
            throw SessionsError(
                .invalidParameter, "parameters are an array, or an object by name", ["found": json.kindName])
        }
    }

    /// A value that the statement has no place for is a mistake, of the text or of its sender.
    ///
    /// - Errors: `SES-109`; where a value is missing too, the planner says so.
    func check(against use: ParameterUse) throws {
        let given = parameters.positional.count
        guard given <= use.count else {
            throw SessionsError(
                .invalidParameter, "there are more parameters than the statement has places for",
                ["given": given, "places": use.count])
        }
        let surplus = Set(parameters.named.keys).subtracting(use.names).sorted()
        guard let first = surplus.first, use.names.isSubset(of: parameters.named.keys) else { return }
        throw SessionsError(
            .invalidParameter, "the statement has no place for the parameter", ["parameter": ":\(first)"])
    }

    private static func parameter(_ json: JSONValue, called name: String) throws -> PlannerParameter {
        switch json {
        case .null: return PlannerParameter(.null, .null)
        case .boolean(let value): return PlannerParameter(.boolean(value), .boolean)
        case .integer(let value): return try PlannerParameter(digits: "\(value)", called: name)
        case .number(let digits): return try PlannerParameter(digits: digits, called: name)
        case .string(let text): return PlannerParameter(.string(text), .string)
        case .array, .object:
            throw SessionsError(
                .invalidParameter, "a parameter is a plain value",
                ["parameter": name, "found": json.kindName],
                hint: "give each element a parameter of its own, or pass JSON as a text")
        }
    }
}
