/// Where in a JSON text a reader wants texts instead of values.
///
///     members(["j": text])   of   {"j": {"a":  1.0}, "k": 2}   gives   {"j": "{\"a\":  1.0}", "k": 2}
package indirect enum JSONShape: Sendable {
    case value
    /// A string that holds the value as it was written; null stays null.
    case text
    /// An array whose elements have a shape; anything else is a value.
    case elements(JSONShape)
    /// An object some of whose members have a shape; anything else is a value.
    case members([MemberName: JSONShape])
    /// An object all of whose members have a shape, or an array of objects whose `value` has it.
    case entries(JSONShape)

    package var isValue: Bool { if case .value = self { true } else { false } }

    var ofElements: JSONShape {
        switch self {
        case .elements(let shape): shape
        case .entries(let shape): .members(["value": shape])
        default: .value
        }
    }

    func ofMember(_ name: String) -> JSONShape {
        switch self {
        case .members(let members): members[MemberName(name)] ?? .value
        case .entries(let shape): shape
        default: .value
        }
    }
}
