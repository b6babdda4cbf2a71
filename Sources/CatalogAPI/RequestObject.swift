import JSONText

/// Reads the members of a JSON object that a client sent; null counts as absent.
///
/// - Errors: `CTA-102` that names the member, what should stand there and what does.
struct RequestObject {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    init(_ value: JSONValue, of what: String) throws(CatalogAPIError) {
        guard case .object(let object) = value else {
            throw CatalogAPIError(
                .malformedBody, "an object should stand here", ["member": what, "found": value.kindName])
        }
        self.object = object
    }

    subscript(name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    func required(_ name: String) throws(CatalogAPIError) -> JSONValue {
        guard let value = self[name] else { throw wrong(name, "a value") }
        return value
    }

    func string(_ name: String) throws(CatalogAPIError) -> String {
        guard let text = try optionalString(name) else { throw wrong(name, "string") }
        return text
    }

    func optionalString(_ name: String) throws(CatalogAPIError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw wrong(name, "string") }
        return text
    }

    /// False when absent.
    func flag(_ name: String) throws(CatalogAPIError) -> Bool {
        guard let value = self[name] else { return false }
        guard let flag = value.boolean else { throw wrong(name, "boolean") }
        return flag
    }

    func optionalLong(_ name: String) throws(CatalogAPIError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.integer else { throw wrong(name, "64-bit integer") }
        return number
    }

    func object(_ name: String) throws(CatalogAPIError) -> JSONObject {
        guard case .object(let object)? = self[name] else { throw wrong(name, "object") }
        return object
    }

    /// Empty when absent.
    func array(_ name: String) throws(CatalogAPIError) -> [JSONValue] {
        guard let value = self[name] else { return [] }
        guard let elements = value.array else { throw wrong(name, "array") }
        return elements
    }

    func requiredArray(_ name: String) throws(CatalogAPIError) -> [JSONValue] {
        _ = try required(name)
        return try array(name)
    }

    /// Empty when absent.
    func strings(_ name: String) throws(CatalogAPIError) -> [String] {
        var texts: [String] = []
        for element in try array(name) {
            guard let text = element.string else { throw wrong(name, "array of strings") }
            texts.append(text)
        }
        return texts
    }

    /// Empty when absent. Numbers and booleans count as their text: some clients send properties so.
    func properties(_ name: String) throws(CatalogAPIError) -> [String: String] {
        guard let value = self[name] else { return [:] }
        guard case .object(let object) = value else { throw wrong(name, "object of strings") }
        var properties: [String: String] = [:]
        for member in object.members {
            switch member.value {
            case .string(let text): properties[member.name] = text
            case .integer, .number, .boolean: properties[member.name] = member.value.description
            default: throw wrong("\(name).\(member.name)", "string")
            }
        }
        return properties
    }

    private func wrong(_ name: String, _ expected: String) -> CatalogAPIError {
        CatalogAPIError(
            .malformedBody, "the body has a member of the wrong kind or lacks it",
            ["member": name, "expected": expected, "found": object[name]?.kindName ?? "nothing"])
    }
}

extension JSONValue {
    /// Members sorted by name.
    init(properties: [String: String]) {
        var object = JSONObject()
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        self = .object(object)
    }
}
