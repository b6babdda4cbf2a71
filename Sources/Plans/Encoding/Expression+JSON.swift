import Columnar
package import JSONText
import Kernels

extension Expression {
    /// One array per expression, its form first; functions by their ids.
    package var json: JSONValue {
        switch self {
        case .column(let index, let type): ["column", JSONValue(index), type.planJSON]
        case .literal(let value, let type): ["literal", value.planJSON, type.planJSON]
        case .call(let function, let arguments, let type):
            .array(["call", JSONValue(function.rawValue), type.planJSON] + arguments.map(\.json))
        case .cast(let value, let type, let isTry): ["cast", type.planJSON, .boolean(isTry), value.json]
        case .chain(let first, let links): .array(["chain", first.json] + links.map(\.json))
        case .caseWhen(let branches, let otherwise, let type):
            .array(
                ["case", type.planJSON, otherwise?.json ?? .null]
                    + branches.flatMap { [$0.condition.json, $0.value.json] })
        case .inList(let value, let elements, let isNegated):
            .array(["in", .boolean(isNegated), value.json] + elements.map(\.planJSON))
        case .located(let value, let place):
            ["at", JSONValue(Int(place.line)), JSONValue(Int(place.column)), value.json]
        }
    }

    /// - Errors: `PLN-101`; never traps. Columns are checked by `PhysicalPlan.check()`.
    package init(json: JSONValue) throws(PlansError) {
        guard let parts = json.array, let form = parts.first?.string else {
            throw PlansError(.malformed, "an encoded expression is an array with its form first")
        }
        self = try Self.decode(form, Array(parts.dropFirst()))
    }

    private static func decode(_ form: String, _ parts: [JSONValue]) throws(PlansError) -> Expression {
        let malformed = PlansError(
            .malformed, "an encoded expression has other parts than its form", ["form": form])
        switch form {
        case "column":
            guard parts.count == 2, let index = parts[0].integer, index >= 0 else { throw malformed }
            return .column(Int(index), try DataType(planJSON: parts[1]))
        case "literal":
            guard parts.count == 2 else { throw malformed }
            let type = try DataType(planJSON: parts[1])
            let value = try Scalar(planJSON: parts[0])
            guard value.fits(type) else { throw malformed }
            return .literal(value, type)
        case "call":
            guard parts.count >= 2, let id = parts[0].integer.flatMap(Int32.init(exactly:)),
                let function = ScalarFunction(rawValue: id)
            else { throw malformed }
            let type = try DataType(planJSON: parts[1])
            return .call(function, try parts.dropFirst(2).decoded(), type)
        case "cast":
            guard parts.count == 3, let isTry = parts[1].boolean else { throw malformed }
            return .cast(try Expression(json: parts[2]), to: try DataType(planJSON: parts[0]), isTry: isTry)
        case "chain":
            guard parts.count >= 2 else { throw malformed }
            var links: [ChainLink] = []
            for part in parts.dropFirst() { links.append(try ChainLink(json: part)) }
            return .chain(try Expression(json: parts[0]), links)
        case "case":
            guard parts.count >= 4, parts.count % 2 == 0 else { throw malformed }
            let values = try parts.dropFirst(2).decoded()
            let branches = stride(from: 0, to: values.count, by: 2).map {
                CaseBranch(condition: values[$0], value: values[$0 + 1])
            }
            let otherwise = parts[1].isNull ? nil : try Expression(json: parts[1])
            return .caseWhen(branches, otherwise: otherwise, try DataType(planJSON: parts[0]))
        case "in":
            guard parts.count >= 2, let isNegated = parts[0].boolean else { throw malformed }
            let value = try Expression(json: parts[1])
            var elements: [Scalar] = []
            for part in parts.dropFirst(2) {
                let element = try Scalar(planJSON: part)
                guard element.fits(value.type) else { throw malformed }
                elements.append(element)
            }
            return .inList(value, elements, isNegated: isNegated)
        case "at":
            guard parts.count == 3, let line = parts[0].integer.flatMap(Int32.init(exactly:)),
                let column = parts[1].integer.flatMap(Int32.init(exactly:))
            else { throw malformed }
            return .located(try Expression(json: parts[2]), SourcePlace(line: line, column: column))
        default: throw PlansError(.malformed, "an encoded expression has an unknown form", ["form": form])
        }
    }
}

extension ChainLink {
    fileprivate var json: JSONValue {
        [
            JSONValue(function.rawValue), type.planJSON, JSONValue(Int(place.line)),
            JSONValue(Int(place.column)), operand.json,
        ]
    }

    fileprivate init(json: JSONValue) throws(PlansError) {
        guard let parts = json.array, parts.count == 5,
            let id = parts[0].integer.flatMap(Int32.init(exactly:)),
            let function = ScalarFunction(rawValue: id),
            let line = parts[2].integer.flatMap(Int32.init(exactly:)),
            let column = parts[3].integer.flatMap(Int32.init(exactly:))
        else {
            throw PlansError(.malformed, "a link of an encoded chain has other parts than a function has")
        }
        self.init(
            function, try Expression(json: parts[4]), try DataType(planJSON: parts[1]),
            at: SourcePlace(line: line, column: column))
    }
}

extension Sequence where Element == JSONValue {
    fileprivate func decoded() throws(PlansError) -> [Expression] {
        var expressions: [Expression] = []
        for json in self { expressions.append(try Expression(json: json)) }
        return expressions
    }
}

extension SortKey {
    package var json: JSONValue {
        ["by": expression.json, "descending": .boolean(isDescending), "nulls_first": .boolean(nullsFirst)]
    }

    package init(json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "sort key")
        self.init(
            try Expression(json: try members.value("by")), isDescending: try members.boolean("descending"),
            nullsFirst: try members.boolean("nulls_first"))
    }
}

extension AggregateCall {
    package var json: JSONValue {
        var object: JSONObject = [
            "function": JSONValue(function.rawValue), "arguments": .array(arguments.map(\.json)),
            "type": type.planJSON,
        ]
        if isDistinct { object["distinct"] = true }
        if let filter { object["filter"] = filter.json }
        if !order.isEmpty { object["order"] = .array(order.map(\.json)) }
        return .object(object)
    }

    package init(json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "aggregate")
        guard let id = Int32(exactly: try members.integer("function")),
            let function = AggregateFunction(rawValue: id)
        else { throw members.malformed("function", "names no aggregate of this build") }
        self.init(
            function,
            try members.list("arguments") { json throws(PlansError) in try Expression(json: json) },
            type: try DataType(planJSON: try members.value("type")),
            isDistinct: members.object["distinct"]?.boolean ?? false,
            filter: try members.optional("filter") { json throws(PlansError) in try Expression(json: json) })
        if members.object["order"] != nil {
            order = try members.list("order") { json throws(PlansError) in try SortKey(json: json) }
        }
    }
}
