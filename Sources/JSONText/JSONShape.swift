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

    package var isValue: Bool { if case .value = self { true } else { false } }

    var ofElements: JSONShape { if case .elements(let shape) = self { shape } else { .value } }

    func ofMember(_ name: String) -> JSONShape {
        if case .members(let members) = self { members[MemberName(name)] ?? .value } else { .value }
    }
}
