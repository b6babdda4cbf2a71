import Columnar

extension IcebergSchema {
    /// Checks what the specification asks of a schema inside a table.
    ///
    /// - Errors: `ICE-104`, `ICE-102` for types no table holds, `ICE-103` for types of a later format version.
    package func validate(formatVersion: Int) throws(IcebergError) {
        var ids: Set<Int> = []
        var paths: Set<String> = []
        for place in allFields {
            guard let id = place.field.id, id > 0 else {
                throw IcebergError(
                    .invalidSchema, "every field needs an id above zero", ["field": place.path])
            }
            guard ids.insert(id).inserted else {
                throw IcebergError(
                    .invalidSchema, "two fields share an id", ["field-id": id, "field": place.path])
            }
            guard paths.insert(place.path).inserted else {
                throw IcebergError(.invalidSchema, "two fields share a name", ["field": place.path])
            }
            if place.field.name.isEmpty {
                throw IcebergError(.invalidSchema, "a field needs a name", ["field-id": id])
            }
            try checkType(place, formatVersion: formatVersion)
        }
        if identifierFieldIDs.isEmpty { return }
        let index = FieldIndex(self)
        for id in identifierFieldIDs { try Self.checkIdentifier(id, index) }
    }

    /// Also checks what a reader can do without: a table that has it otherwise is read all the same, and none is made.
    ///
    /// - Errors: those of `validate`.
    package func validateNew(formatVersion: Int) throws(IcebergError) {
        try validate(formatVersion: formatVersion)
        var identifiers: Set<Int> = []
        for id in identifierFieldIDs where !identifiers.insert(id).inserted {
            throw IcebergError(.invalidSchema, "an identifier field is named twice", ["field-id": id])
        }
    }

    private func checkType(_ place: FieldPlace, formatVersion: Int) throws(IcebergError) {
        let field = place.field
        if !field.type.isNested, TypeText.print(field.type) == nil {
            throw IcebergError(
                .unknownType, "a table cannot hold this type", ["field": place.path, "type": field.type])
        }
        let isOpaque = field.id.map { opaqueTypes[$0] != nil } ?? false
        let minimum = isOpaque ? 3 : TypeText.minimumVersion(field.type)
        if formatVersion < minimum {
            throw IcebergError(
                .unsupportedVersion, "the type needs a later format version",
                ["field": place.path, "type": field.type, "needs": minimum, "table has": formatVersion],
                hint: "set the table property format-version to \(minimum)")
        }
    }

    private static func checkIdentifier(_ id: Int, _ index: FieldIndex) throws(IcebergError) {
        guard let place = index[id] else {
            throw IcebergError(.invalidSchema, "no field has the id of an identifier field", ["field-id": id])
        }
        if place.field.type.isNested || place.field.type.isFloating || place.isRepeated
            || !place.field.isRequired
        {
            throw IcebergError(
                .invalidSchema,
                "an identifier field must be required, primitive, not floating, not in a list or map",
                ["field": place.path])
        }
    }
}
