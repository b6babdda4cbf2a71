import JSONText

/// Reads the members of one JSON object; a fault names the object, the member and what stands there.
///
/// A member that is null counts as absent.
struct JSONMembers {
    let object: JSONObject
    let what: String

    init(_ value: JSONValue?, of what: String) throws(IcebergError) {
        guard case .object(let object)? = value else {
            throw IcebergError(
                .malformed, "a JSON object should stand here",
                ["value": what, "found": value?.kindName ?? "nothing"])
        }
        self.object = object
        self.what = what
    }

    subscript(name: String) -> JSONValue? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    func has(_ name: String) -> Bool { self[name] != nil }

    private func wrong(_ name: String, _ expected: String) -> IcebergError {
        let found = object[name]?.kindName ?? "nothing"
        return IcebergError(
            .malformed, "the \(what) has a member of the wrong kind or lacks it",
            ["member": name, "expected": expected, "found": found])
    }

    func required(_ name: String) throws(IcebergError) -> JSONValue {
        guard let value = self[name] else { throw wrong(name, "a value") }
        return value
    }

    func optionalString(_ name: String) throws(IcebergError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw wrong(name, "string") }
        return text
    }

    func string(_ name: String) throws(IcebergError) -> String {
        guard let text = try optionalString(name) else { throw wrong(name, "string") }
        return text
    }

    func optionalLong(_ name: String) throws(IcebergError) -> Int64? {
        guard let value = self[name] else { return nil }
        guard let number = value.integer else { throw wrong(name, "64-bit integer") }
        return number
    }

    func long(_ name: String) throws(IcebergError) -> Int64 {
        guard let number = try optionalLong(name) else { throw wrong(name, "64-bit integer") }
        return number
    }

    func optionalInteger(_ name: String) throws(IcebergError) -> Int? {
        guard let number = try optionalLong(name) else { return nil }
        guard let small = Int32(exactly: number) else { throw wrong(name, "32-bit integer") }
        return Int(small)
    }

    func integer(_ name: String) throws(IcebergError) -> Int {
        guard let number = try optionalInteger(name) else { throw wrong(name, "32-bit integer") }
        return number
    }

    func optionalBoolean(_ name: String) throws(IcebergError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard let flag = value.boolean else { throw wrong(name, "boolean") }
        return flag
    }

    func boolean(_ name: String) throws(IcebergError) -> Bool {
        guard let flag = try optionalBoolean(name) else { throw wrong(name, "boolean") }
        return flag
    }

    func optionalArray(_ name: String) throws(IcebergError) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard let elements = value.array else { throw wrong(name, "array") }
        return elements
    }

    func array(_ name: String) throws(IcebergError) -> [JSONValue] {
        guard let elements = try optionalArray(name) else { throw wrong(name, "array") }
        return elements
    }

    func strings(_ name: String) throws(IcebergError) -> [String] {
        var result: [String] = []
        for element in try array(name) {
            guard let text = element.string else { throw wrong(name, "array of strings") }
            result.append(text)
        }
        return result
    }

    func optionalIntegers(_ name: String) throws(IcebergError) -> [Int]? {
        guard let elements = try optionalArray(name) else { return nil }
        var result: [Int] = []
        for element in elements {
            guard let number = element.integer, let small = Int32(exactly: number) else {
                throw wrong(name, "array of 32-bit integers")
            }
            result.append(Int(small))
        }
        return result
    }

    func integers(_ name: String) throws(IcebergError) -> [Int] {
        guard let numbers = try optionalIntegers(name) else { throw wrong(name, "array of 32-bit integers") }
        return numbers
    }

    func longs(_ name: String) throws(IcebergError) -> [Int64] {
        var result: [Int64] = []
        for element in try array(name) {
            guard let number = element.integer else { throw wrong(name, "array of 64-bit integers") }
            result.append(number)
        }
        return result
    }

    /// An object whose values are strings; numbers and booleans are taken as their text, as other readers do.
    func optionalStringMap(_ name: String) throws(IcebergError) -> [String: String]? {
        guard let value = self[name] else { return nil }
        guard let object = value.object else { throw wrong(name, "object of strings") }
        var result: [String: String] = [:]
        for member in object.members {
            switch member.value {
            case .string(let text): result[member.name] = text
            case .integer, .number, .boolean: result[member.name] = member.value.description
            default: throw wrong(name, "object of strings")
            }
        }
        return result
    }

    func stringMap(_ name: String) throws(IcebergError) -> [String: String] {
        guard let map = try optionalStringMap(name) else { throw wrong(name, "object of strings") }
        return map
    }

    /// The members this version of Firn does not know, kept so that nothing is lost when it writes again.
    func rest(beyond known: Set<String>) -> JSONObject {
        var rest = JSONObject()
        for member in object.members where !known.contains(member.name) { rest[member.name] = member.value }
        return rest
    }
}

extension JSONObject {
    mutating func merge(_ other: JSONObject) {
        for member in other.members { self[member.name] = member.value }
    }

    init(sortedStrings map: [String: String]) {
        self.init()
        for (name, value) in map.sorted(by: { $0.key < $1.key }) { self[name] = .string(value) }
    }
}

extension Sequence {
    /// `map` whose closure throws this room's error.
    func mapped<Result>(_ body: (Element) throws(IcebergError) -> Result) throws(IcebergError) -> [Result] {
        var result: [Result] = []
        for element in self { result.append(try body(element)) }
        return result
    }
}
