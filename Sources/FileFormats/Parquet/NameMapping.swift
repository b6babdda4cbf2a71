import JSONText

/// Gives columns of files that were written without field ids the ids of a table, by their names.
///
///     [{"field-id": 1, "names": ["id", "ID"]}, {"field-id": 2, "names": ["p"], "fields": [{"field-id": 3, "names": ["x"]}]}]
///
/// Source: Iceberg table specification, "Name Mapping Serialization".
package struct NameMapping: Sendable {
    private struct Entry: Sendable {
        var id: Int?
        var children: NameMapping
    }

    /// Deeper mappings come from an attacker.
    private static let depthLimit = 64

    private var entries: [String: Entry] = [:]

    /// - Errors: `FMT-101`.
    package init(parsing text: String) throws(FileFormatsError) {
        do {
            try self.init(JSONParser.parse(Array(text.utf8)), depth: 0)
        } catch let error as FileFormatsError {
            throw error
        } catch {
            throw FileFormatsError(.invalidSchema, "the table's name mapping is no JSON", cause: error)
        }
    }

    private init() {}

    private init(_ json: JSONValue, depth: Int) throws(FileFormatsError) {
        guard depth < Self.depthLimit, let fields = json.array else {
            throw FileFormatsError(
                .invalidSchema, "the table's name mapping has another form than a list of fields")
        }
        for field in fields {
            let id = field["field-id"]?.integer
            let names = field["names"]?.array ?? []
            let children = try field["fields"].map { (json) throws(FileFormatsError) in
                try NameMapping(json, depth: depth + 1)
            }
            let entry = Entry(id: id.flatMap { Int(exactly: $0) }, children: children ?? NameMapping())
            for name in names {
                guard let name = name.string, entries.updateValue(entry, forKey: name) == nil else {
                    throw FileFormatsError(
                        .invalidSchema, "the table's name mapping gives a name twice, or one that is no text",
                        ["name": "\(name)"])
                }
            }
        }
    }

    /// The nodes with an id wherever they had none and the mapping has one.
    func apply(to nodes: [ParquetNode]) -> [ParquetNode] { nodes.map { applied(to: $0, as: $0.name) } }

    private func applied(to node: ParquetNode, as name: String) -> ParquetNode {
        guard let entry = entries[name] else { return node }
        var node = node
        node.fieldID = node.fieldID ?? entry.id
        let inner = entry.children
        switch node.shape {
        case .leaf: break
        case .structure(let children): node.shape = .structure(inner.apply(to: children))
        case .list(let element, let level):
            node.shape = .list(element: inner.applied(to: element, as: "element"), elementLevel: level)
        case .map(let key, let value, let level):
            node.shape = .map(
                key: inner.applied(to: key, as: "key"), value: inner.applied(to: value, as: "value"),
                elementLevel: level)
        }
        return node
    }
}
