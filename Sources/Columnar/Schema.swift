/// A named, typed place in a row, a struct, a list or a map.
package struct Field: Sendable, Hashable {
    /// The Iceberg field id; nil for columns of no table.
    package var id: Int?
    package var name: String
    package var type: DataType
    package var isRequired: Bool
    package var doc: String?

    package init(
        id: Int? = nil, _ name: String, _ type: DataType, isRequired: Bool = false, doc: String? = nil
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.doc = doc
    }
}

/// The columns of a batch, in order. Names need not differ: `SELECT a, a` has two.
package struct Schema: Sendable, Hashable {
    package var fields: [Field]

    package init(_ fields: [Field]) { self.fields = fields }

    package var count: Int { fields.count }

    /// The first field with exactly this name, byte by byte.
    package func index(of name: String) -> Int? {
        fields.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// The field with this Iceberg id.
    package func index(ofFieldID id: Int) -> Int? { fields.firstIndex { $0.id == id } }
}

extension Schema: CustomStringConvertible {
    /// `a: int required, b: string`
    package var description: String {
        fields.map { "\($0.name): \($0.type)" + ($0.isRequired ? " required" : "") }.joined(separator: ", ")
    }
}
