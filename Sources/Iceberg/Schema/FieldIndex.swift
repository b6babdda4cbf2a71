package import Columnar

/// The fields of a schema by id, for whoever looks up as many as a request names: each costs the same, however many
/// columns there are.
package struct FieldIndex: Sendable {
    private let places: [Int: FieldPlace]

    /// - Cost: a pass over the schema.
    package init(_ schema: IcebergSchema) {
        var places: [Int: FieldPlace] = [:]
        for place in schema.allFields {
            if let id = place.field.id, places[id] == nil { places[id] = place }
        }
        self.places = places
    }

    package subscript(id: Int) -> FieldPlace? { places[id] }
}

/// The fields of all schemas of a table by id; see `TableMetadata.fieldInAnySchema`.
package struct TableFieldIndex: Sendable {
    private let fields: [Int: Field]

    /// - Cost: a pass over the current schema; one over all of them when the specs or `ids` name what it lacks.
    package init(_ metadata: TableMetadata, ids: some Sequence<Int>) {
        var fields = Self.byID(metadata.currentSchema)
        let wanted = Set(metadata.specs.flatMap(\.fields).map(\.sourceID)).union(ids)
        if !wanted.allSatisfy({ fields[$0] != nil }) {
            for schema in metadata.schemas.reversed() {
                fields.merge(Self.byID(schema)) { known, _ in known }
            }
        }
        self.fields = fields
    }

    private static func byID(_ schema: IcebergSchema) -> [Int: Field] {
        var fields: [Int: Field] = [:]
        schema.forEachField { field in
            if let id = field.id, fields[id] == nil { fields[id] = field }
        }
        return fields
    }

    package subscript(id: Int) -> Field? { fields[id] }
}
