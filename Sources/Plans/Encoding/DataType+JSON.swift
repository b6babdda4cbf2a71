package import Columnar
package import JSONText

extension DataType {
    /// A name for plain types, an object for parametric ones: `{"list": field}`.
    package var planJSON: JSONValue {
        switch self {
        case .decimal(let precision, let scale): ["decimal": [JSONValue(precision), JSONValue(scale)]]
        case .fixed(let length): ["fixed": JSONValue(length)]
        case .list(let element): ["list": element.planJSON]
        case .map(let key, let value): ["map": [key.planJSON, value.planJSON]]
        case .structure(let fields): ["struct": .array(fields.map(\.planJSON))]
        default: .string(description)
        }
    }

    private static let plain: [DataType] = [
        .null, .boolean, .int, .long, .float, .double, .date, .time, .timestamp, .timestamptz,
        .timestampNanos,
        .timestamptzNanos, .string, .binary, .uuid, .json, .interval,
    ]
    private static let plainByName = Dictionary(uniqueKeysWithValues: plain.map { ($0.description, $0) })

    package init(planJSON json: JSONValue) throws(PlansError) {
        if let name = json.string {
            guard let type = Self.plainByName[name] else {
                throw PlansError(.malformed, "an encoded type has an unknown name", ["type": name])
            }
            self = type
            return
        }
        let members = try PlanJSON(json, of: "type")
        if members.object["decimal"] != nil {
            let numbers = try members.array("decimal").compactMap(\.integer)
            guard numbers.count == 2, (1...38).contains(numbers[0]), (0...numbers[0]).contains(numbers[1])
            else {
                throw members.malformed("decimal", "is not a precision and a scale")
            }
            self = .decimal(precision: Int(numbers[0]), scale: Int(numbers[1]))
        } else if members.object["fixed"] != nil {
            let length = try members.integer("fixed")
            guard length >= 0 else { throw members.malformed("fixed", "is negative") }
            self = .fixed(length)
        } else if let element = members.object["list"] {
            self = .list(try Field(planJSON: element))
        } else if members.object["map"] != nil {
            let fields = try members.list("map") { json throws(PlansError) in try Field(planJSON: json) }
            guard fields.count == 2 else { throw members.malformed("map", "is not a key and a value") }
            self = .map(key: fields[0], value: fields[1])
        } else {
            self = .structure(
                try members.list("struct") { json throws(PlansError) in try Field(planJSON: json) })
        }
    }
}

extension Field {
    package var planJSON: JSONValue {
        var object: JSONObject = ["name": .string(name), "type": type.planJSON]
        if let id { object["id"] = JSONValue(id) }
        if isRequired { object["required"] = true }
        if let doc { object["doc"] = .string(doc) }
        return .object(object)
    }

    package init(planJSON json: JSONValue) throws(PlansError) {
        let members = try PlanJSON(json, of: "field")
        self.init(
            id: members.object["id"]?.integer.map { Int($0) }, try members.string("name"),
            try DataType(planJSON: try members.value("type")),
            isRequired: members.object["required"]?.boolean ?? false, doc: members.object["doc"]?.string)
    }
}
