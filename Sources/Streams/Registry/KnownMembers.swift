package import JSONText

/// The members that a request may have, level by level: what nobody here understands must not look as if it worked.
package indirect enum KnownMembers: Sendable {
    /// Another reader judges what stands there.
    case anything
    case members([(name: String, value: KnownMembers)])

    /// Names whose values another reader judges, and objects with members of their own.
    package init(_ plain: [String], _ nested: KeyValuePairs<String, [String]> = [:]) {
        self = .members(
            plain.map { ($0, .anything) } + nested.map { ($0.key, KnownMembers($0.value)) })
    }

    /// The first member that is not known: its JSON path, and the names there are in its place.
    package func stranger(in json: JSONValue, at path: String = "$") -> (path: String, known: [String])? {
        guard case .members(let known) = self, let object = json.object else { return nil }
        for (name, value) in object.members {
            guard let inner = known.first(where: { $0.name == name })?.value else {
                return ("\(path).\(name.prefix(Self.shownName))", known.map(\.name))
            }
            if let found = inner.stranger(in: value, at: "\(path).\(name)") { return found }
        }
        return nil
    }

    private static let shownName = 128
}
