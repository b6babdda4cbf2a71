package import JSONText

/// Names a table inside a warehouse. Names are bytes, see `Namespace`.
package struct TableIdentifier: Sendable, Hashable, CustomStringConvertible {
    package var namespace: Namespace
    package var name: String

    package init(namespace: Namespace, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func == (left: TableIdentifier, right: TableIdentifier) -> Bool {
        left.namespace == right.namespace && left.name.utf8.elementsEqual(right.name.utf8)
    }

    /// `web.raw.clicks`: for people; names may contain dots.
    package var description: String { (namespace.levels + [name]).joined(separator: ".") }

    /// `{"namespace": ["web", "raw"], "name": "clicks"}`
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "table identifier")
        namespace = Namespace(try members.strings("namespace"))
        name = try members.string("name")
    }

    package var json: JSONValue { ["namespace": JSONValue(namespace.levels), "name": JSONValue(name)] }
}
