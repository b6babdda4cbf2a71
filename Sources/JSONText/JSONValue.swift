/// A JSON document as a value: members keep their order, numbers keep their digits.
///
/// For settings, metadata and API bodies. Events take another way: see `FileFormats`.
package enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// A number without fraction or exponent that fits 64 bits.
    case integer(Int64)
    /// Any other number, as written: `1e400` and 40 digits survive.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of a JSON object in the order they were written; a repeated name keeps the last value.
///
/// Names are their bytes, though `String` calls two spellings of `é` equal.
package struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package private(set) var members: [(name: String, value: JSONValue)]
    /// Built only for large objects; small ones are scanned.
    private var positions: [MemberName: Int]?

    private static let indexThreshold = 16

    package init() { members = [] }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = []
        for (name, value) in elements { self[name] = value }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }
    package var names: [String] { members.map(\.name) }

    /// Setting nil removes the member.
    package subscript(name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                positions = nil
            case (nil, let value?):
                members.append((name, value))
                positions?[MemberName(name)] = members.count - 1
                if positions == nil, members.count > Self.indexThreshold { buildIndex() }
            case (nil, nil):
                break
            }
        }
    }

    private func position(of name: String) -> Int? {
        if let positions { return positions[MemberName(name)] }
        return members.firstIndex { MemberName($0.name) == MemberName(name) }
    }

    private mutating func buildIndex() {
        positions = Dictionary(uniqueKeysWithValues: members.enumerated().map { (MemberName($1.name), $0) })
    }

    /// Equal when the same names have equal values, whatever their order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        // Order does not matter to equality, so it must not matter here.
        hasher.combine(Set(members.map(\.name)))
    }
}

extension JSONValue {
    package subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }
    package var isNull: Bool { self == .null }
    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    /// Any number, rounded to the nearest double.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let digits): Double(digits)
        default: nil
        }
    }

    /// What kind of value this is, in the words of an error message.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer, .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(nilLiteral: ()) { self = .null }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
    /// A finite double; NaN and the infinities have no JSON form and become their names as strings.
    package init(_ value: Double) {
        if value.isFinite {
            self = .number("\(value)")
        } else {
            self = .string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
        }
    }
    package init(_ value: some BinaryInteger) {
        self = Int64(exactly: value).map { .integer($0) } ?? .number("\(value)")
    }
    package init(_ value: String) { self = .string(value) }
    package init(_ value: String?) { self = value.map { .string($0) } ?? .null }
    package init(_ values: [String]) { self = .array(values.map { .string($0) }) }
}
