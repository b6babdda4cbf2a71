import Columnar
import Kernels

/// What a function takes in one place.
enum ParameterKind: Sendable, Hashable {
    /// Text; JSON passes as text.
    case text
    /// Anything, turned into text.
    case anyAsText
    /// A whole number, as long.
    case integer
    /// A number, as double.
    case double
    /// A number, as it is.
    case number
    /// A number or an interval, as it is.
    case amount
    case boolean
    case date
    /// Date, time or timestamp, as it is; text literals become timestamps.
    case time
    /// Any timestamp; dates and text literals become one.
    case timestamp
    case interval
    /// JSON or text.
    case json
    /// A member's name or an element's position.
    case jsonStep
    /// Text or bytes.
    case bytes
    /// Text, a number or a time, as it is.
    case any
    /// All arguments of this kind get one type.
    case common
    case list
    case map
    case structure
}

/// What a function gives.
enum ResultRule: Sendable {
    case type(DataType)
    /// The type of an argument, by position, after coercion.
    case argument(Int)
    /// The type of the `.common` arguments.
    case common
    /// The type of a number cut to a second argument's digits (none: 0): whole numbers stay whole or give doubles, as in
    /// DataFusion, decimals keep no more digits than a literal asks for, as in PostgreSQL.
    case digits(keepsWhole: Bool)
    /// From the types of the arguments; nil where the function does not take them.
    case rule(@Sendable ([DataType]) -> DataType?)
}

/// One function of the language: its names, what it takes, what it gives, and an example that is tested.
struct FunctionDefinition: Sendable {
    let function: ScalarFunction
    let names: [String]
    /// Arguments that must be there.
    let required: [ParameterKind]
    /// Further arguments that may be there.
    let optional: [ParameterKind]
    /// Any number of arguments behind those.
    let rest: ParameterKind?
    let result: ResultRule
    /// A call and its answer, as a literal prints.
    let example: (call: String, answer: String)

    init(
        _ function: ScalarFunction, aliases: [String] = [], _ required: [ParameterKind],
        optional: [ParameterKind] = [], rest: ParameterKind? = nil, _ result: ResultRule,
        _ example: (call: String, answer: String)
    ) {
        self.function = function
        names = [function.name] + aliases
        self.required = required
        self.optional = optional
        self.rest = rest
        self.result = result
        self.example = example
    }

    func kind(of index: Int) -> ParameterKind? {
        if index < required.count { return required[index] }
        if index < required.count + optional.count { return optional[index - required.count] }
        return rest
    }

    var acceptedCounts: String {
        if rest != nil { return "\(required.count + optional.count) or more" }
        return optional.isEmpty
            ? "\(required.count)" : "\(required.count) to \(required.count + optional.count)"
    }
}
