package import Columnar
package import JSONText

/// The columns of a table at one time, each with the id its data files know it by.
///
/// Every field, list element, map key and map value of a schema inside a table has an id; one that comes from SQL may
/// have none until `withFreshIDs` gives them.
package struct IcebergSchema: Sendable, Hashable {
    package var schemaID: Int
    package var fields: [Field]
    /// Fields whose values together name a row; never optional, floating or nested in a list or map.
    package var identifierFieldIDs: [Int]
    /// Members of a field that Firn carries but does not act on (`initial-default`, `write-default`, …), by field id.
    package var fieldExtras: [Int: JSONObject]
    /// Types Firn carries but cannot read (`variant`, `geometry`, …), by field id. Such a field has the type `.null`.
    package var opaqueTypes: [Int: JSONValue]
    /// Members of the schema itself that Firn does not know.
    package var extras: JSONObject

    package init(schemaID: Int = 0, fields: [Field], identifierFieldIDs: [Int] = []) {
        self.schemaID = schemaID
        self.fields = fields
        self.identifierFieldIDs = identifierFieldIDs
        fieldExtras = [:]
        opaqueTypes = [:]
        extras = JSONObject()
    }

    /// The schema a reader works with. Variants are read as JSON text.
    ///
    /// - Errors: `ICE-205` when a column's type can only be carried.
    package func columnar() throws(IcebergError) -> Schema {
        if let place = allFields.first(where: { $0.field.id.map { isOpaque($0) && !isVariant($0) } ?? false })
        {
            throw unreadable(place)
        }
        return Schema(fields.map { readable($0) })
    }

    private func isOpaque(_ id: Int) -> Bool { opaqueTypes[id] != nil }
    private func isVariant(_ id: Int) -> Bool { opaqueTypes[id]?.string == "variant" }

    private func unreadable(_ place: FieldPlace) -> IcebergError {
        IcebergError(
            .unreadableType, "a column of the table has a type this version cannot read",
            ["column": place.path, "type": opaqueTypes[place.field.id ?? 0]?.description ?? ""])
    }

    private func readable(_ field: Field) -> Field {
        if opaqueTypes.isEmpty { return field }
        var field = field
        switch field.type {
        case .null where field.id.map { isVariant($0) } ?? false: field.type = .json
        case .structure(let children): field.type = .structure(children.map { readable($0) })
        case .list(let element): field.type = .list(readable(element))
        case .map(let key, let value): field.type = .map(key: readable(key), value: readable(value))
        default: break
        }
        return field
    }

    /// What columns hold in files from before them, by field id; only where it is not null.
    ///
    /// - Errors: `ICE-107` for a default that does not fit its column.
    package func initialDefaults() throws(IcebergError) -> [Int: Scalar] {
        try defaults("initial-default")
    }

    /// What columns get from a writer that has no value for them, by field id; only where it is not null.
    ///
    /// - Errors: `ICE-107` for a default that does not fit its column.
    package func writeDefaults() throws(IcebergError) -> [Int: Scalar] { try defaults("write-default") }

    private func defaults(_ name: String) throws(IcebergError) -> [Int: Scalar] {
        if fieldExtras.isEmpty { return [:] }
        var defaults: [Int: Scalar] = [:]
        // Children first: the default of a struct is made of theirs.
        for place in allFields.reversed() {
            guard let id = place.field.id, let json = defaultValue(name, of: place.field) else {
                continue
            }
            if case .structure(let children) = place.field.type, json.object?.isEmpty == true {
                defaults[id] = .structure(children.map { $0.id.flatMap { defaults[$0] } ?? .null })
            } else {
                defaults[id] = try JSONSingleValue.decode(json, place.field.type)
            }
        }
        return defaults
    }

    /// The schema a writer works with.
    ///
    /// - Errors: `ICE-205` when a column's type can only be carried.
    package func writable() throws(IcebergError) -> Schema {
        if let place = allFields.first(where: { $0.field.id.map { isOpaque($0) } ?? false }) {
            throw unreadable(place)
        }
        return Schema(fields)
    }

    /// `initial-default` or `write-default`; nil where it is null.
    package func defaultValue(_ name: String, of field: Field) -> JSONValue? {
        guard let value = field.id.flatMap({ fieldExtras[$0]?[name] }), !value.isNull else { return nil }
        return value
    }

    /// Two schemas with the same columns, whatever their schema ids.
    package func hasSameColumns(as other: IcebergSchema) -> Bool {
        fields == other.fields && Set(identifierFieldIDs) == Set(other.identifierFieldIDs)
            && fieldExtras == other.fieldExtras && opaqueTypes == other.opaqueTypes
    }
}

/// Where a field stands in a schema.
package struct FieldPlace: Sendable {
    package var field: Field
    /// `user.address.city`; list elements and map parts are `element`, `key`, `value`.
    package var path: String
    /// True below a list or a map, where a row has many values or none.
    package var isRepeated: Bool
}

extension IcebergSchema {
    /// Every field with its path, parents before children.
    package var allFields: [FieldPlace] {
        var places: [FieldPlace] = []
        for field in fields { Self.collect(field, path: field.name, isRepeated: false, into: &places) }
        return places
    }

    private static func collect(
        _ field: Field, path: String, isRepeated: Bool, into places: inout [FieldPlace]
    ) {
        places.append(FieldPlace(field: field, path: path, isRepeated: isRepeated))
        let isRepeated = isRepeated || field.type.isRepeating
        for part in field.type.parts {
            collect(part.field, path: path + "." + part.name, isRepeated: isRepeated, into: &places)
        }
    }

    /// As `allFields`, for those who need no paths: they take more memory than all else.
    package func forEachField(_ body: (Field) -> Void) {
        for field in fields { Self.visit(field, body) }
    }

    private static func visit(_ field: Field, _ body: (Field) -> Void) {
        body(field)
        for part in field.type.parts { visit(part.field, body) }
    }

    /// - Cost: a pass over the schema; whoever asks for many takes a `FieldIndex`.
    package func place(ofFieldID id: Int) -> FieldPlace? {
        for field in fields {
            if let place = Self.place(ofFieldID: id, field, named: field.name) { return place }
        }
        return nil
    }

    private static func place(ofFieldID id: Int, _ field: Field, named name: String) -> FieldPlace? {
        if field.id == id { return FieldPlace(field: field, path: name, isRepeated: false) }
        for part in field.type.parts {
            guard var place = place(ofFieldID: id, part.field, named: part.name) else { continue }
            place.path = name + "." + place.path
            place.isRepeated = place.isRepeated || field.type.isRepeating
            return place
        }
        return nil
    }

    package func field(withID id: Int) -> Field? {
        if let field = fields.first(where: { $0.id == id }) { return field }
        return place(ofFieldID: id)?.field
    }

    /// Finds a field by its path; top-level names may contain dots.
    package func field(named path: String) -> Field? {
        if let field = fields.first(where: { $0.name == path }) { return field }
        return allFields.first { $0.path == path }?.field
    }

    package var highestFieldID: Int {
        var highest = 0
        forEachField { highest = max(highest, $0.id ?? 0) }
        return highest
    }

    /// Nested fields included.
    package var fieldCount: Int {
        var count = 0
        forEachField { _ in count += 1 }
        return count
    }

    /// What the paths of all fields take together. A long name with many fields inside makes much out of a short text.
    var pathBytes: Int { fields.reduce(0) { $0 + Self.pathBytes($1, path: $1.name.utf8.count) } }

    private static func pathBytes(_ field: Field, path: Int) -> Int {
        field.type.parts.reduce(path) { $0 + pathBytes($1.field, path: path + 1 + $1.name.utf8.count) }
    }
}

extension DataType {
    /// What lies directly inside a nested type, under the names paths have for it.
    fileprivate var parts: [(name: String, field: Field)] {
        switch self {
        case .structure(let children): children.map { ($0.name, $0) }
        case .list(let element): [("element", element)]
        case .map(let key, let value): [("key", key), ("value", value)]
        default: []
        }
    }

    /// A row has many of what lies inside, or none.
    fileprivate var isRepeating: Bool {
        switch self {
        case .list, .map: true
        default: false
        }
    }
}
