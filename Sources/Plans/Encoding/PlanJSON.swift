import JSONText

/// Reading helpers for encoded plans: a missing or odd member is a fault that names it.
struct PlanJSON {
    let object: JSONObject
    let what: String

    init(_ value: JSONValue, of what: String) throws(PlansError) {
        guard let object = value.object else {
            throw PlansError(.malformed, "an encoded \(what) is an object", ["found": value.kindName])
        }
        self.object = object
        self.what = what
    }

    func value(_ name: String) throws(PlansError) -> JSONValue {
        guard let value = object[name] else { throw malformed(name, "is missing") }
        return value
    }

    func string(_ name: String) throws(PlansError) -> String {
        guard let text = try value(name).string else { throw malformed(name, "is not a string") }
        return text
    }

    func integer(_ name: String) throws(PlansError) -> Int {
        guard let number = try value(name).integer else { throw malformed(name, "is not an integer") }
        return Int(number)
    }

    func boolean(_ name: String) throws(PlansError) -> Bool {
        guard let flag = try value(name).boolean else { throw malformed(name, "is not a boolean") }
        return flag
    }

    func array(_ name: String) throws(PlansError) -> [JSONValue] {
        guard let elements = try value(name).array else { throw malformed(name, "is not an array") }
        return elements
    }

    func strings(_ name: String) throws(PlansError) -> [String] {
        var texts: [String] = []
        for element in try array(name) {
            guard let text = element.string else {
                throw malformed(name, "holds something other than strings")
            }
            texts.append(text)
        }
        return texts
    }

    func list<Element>(
        _ name: String, _ decode: (JSONValue) throws(PlansError) -> Element
    ) throws(PlansError) -> [Element] {
        var elements: [Element] = []
        for element in try array(name) { elements.append(try decode(element)) }
        return elements
    }

    /// Nil when the member is missing or null.
    func optional<Element>(
        _ name: String, _ decode: (JSONValue) throws(PlansError) -> Element
    ) throws(PlansError) -> Element? {
        guard let value = object[name], !value.isNull else { return nil }
        return try decode(value)
    }

    func malformed(_ member: String, _ problem: String) -> PlansError {
        PlansError(.malformed, "a member of an encoded \(what) \(problem)", ["member": member])
    }
}
