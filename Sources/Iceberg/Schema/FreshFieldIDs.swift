package import Columnar
import JSONText

/// Gives the fields of a schema new ids in the order every Iceberg catalog uses: all fields of a struct first, then
/// what lies inside them.
package struct FreshFieldIDs: Sendable {
    package private(set) var lastID: Int
    /// From the ids before to the new ones.
    package private(set) var renumbered: [Int: Int] = [:]

    package init(after lastID: Int = 0) { self.lastID = lastID }

    private mutating func assign(to old: Int?) -> Int {
        lastID += 1
        if let old { renumbered[old] = lastID }
        return lastID
    }

    package mutating func assign(_ fields: [Field]) -> [Field] {
        var result = fields
        for index in result.indices { result[index].id = assign(to: fields[index].id) }
        for index in result.indices { result[index].type = assign(inside: result[index].type) }
        return result
    }

    private mutating func assign(inside type: DataType) -> DataType {
        switch type {
        case .structure(let fields): return .structure(assign(fields))
        case .list(var element):
            element.id = assign(to: element.id)
            element.type = assign(inside: element.type)
            return .list(element)
        case .map(var key, var value):
            key.id = assign(to: key.id)
            value.id = assign(to: value.id)
            key.isRequired = true
            key.type = assign(inside: key.type)
            value.type = assign(inside: value.type)
            return .map(key: key, value: value)
        case .json: return .string
        default: return type
        }
    }
}

extension IcebergSchema {
    /// The same columns numbered from one, as a new table has them, or from behind an id; JSON columns become strings.
    package func withFreshIDs(after lastID: Int = 0) -> (schema: IcebergSchema, ids: FreshFieldIDs) {
        var ids = FreshFieldIDs(after: lastID)
        var schema = self
        schema.schemaID = 0
        schema.fields = ids.assign(fields)
        let renumbered = ids.renumbered
        schema.identifierFieldIDs = identifierFieldIDs.map { renumbered[$0] ?? $0 }
        schema.fieldExtras = fieldExtras.reduce(into: [:]) { $0[renumbered[$1.key] ?? $1.key] = $1.value }
        schema.opaqueTypes = opaqueTypes.reduce(into: [:]) { $0[renumbered[$1.key] ?? $1.key] = $1.value }
        return (schema, ids)
    }
}
