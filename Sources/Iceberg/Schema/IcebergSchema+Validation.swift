import Columnar
import JSONText

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
    /// Defaults that `current` has, the schema of a table somebody else made, are carried on as they are.
    ///
    /// - Errors: those of `validate`.
    package func validateNew(
        formatVersion: Int, after current: IcebergSchema? = nil
    ) throws(IcebergError) {
        try validate(formatVersion: formatVersion)
        var identifiers: Set<Int> = []
        for id in identifierFieldIDs where !identifiers.insert(id).inserted {
            throw IcebergError(.invalidSchema, "an identifier field is named twice", ["field-id": id])
        }
        for place in allFields {
            // What has no type yet has no value but null.
            if place.field.type == .null, place.field.isRequired, !isOpaque(place.field) {
                throw IcebergError(
                    .invalidSchema, "a field of an unknown type cannot be required", ["field": place.path])
            }
            for name in ["initial-default", "write-default"] {
                guard let value = defaultValue(name, of: place.field),
                    current?.defaultValue(name, of: place.field) != value
                else { continue }
                try checkDefault(name, value, of: place, formatVersion: formatVersion)
            }
        }
    }

    private func isOpaque(_ field: Field) -> Bool { field.id.map { opaqueTypes[$0] != nil } ?? false }

    private func checkDefault(
        _ name: String, _ value: JSONValue, of place: FieldPlace, formatVersion: Int
    ) throws(IcebergError) {
        if formatVersion < 3 {
            throw IcebergError(
                .unsupportedVersion, "defaults that are not null need a later format version",
                ["field": place.path, "default": name, "needs": 3, "table has": formatVersion],
                hint: "set the table property format-version to 3")
        }
        guard !isOpaque(place.field), place.field.type != .null else {
            throw IcebergError(
                .invalidSchema, "a field of this type has no default but null",
                ["field": place.path, "default": name])
        }
        do {
            _ = try JSONSingleValue.decode(value, place.field.type)
        } catch {
            throw IcebergError(
                .invalidSchema, "a default does not fit the type of its field",
                ["field": place.path, "default": name, "type": place.field.type, "value": value.description])
        }
    }

    private func checkType(_ place: FieldPlace, formatVersion: Int) throws(IcebergError) {
        let field = place.field
        if !field.type.isNested, TypeText.print(field.type) == nil {
            throw IcebergError(
                .unknownType, "a table cannot hold this type", ["field": place.path, "type": field.type])
        }
        let minimum = isOpaque(field) ? 3 : TypeText.minimumVersion(field.type)
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
