import Columnar
package import JSONText

extension IcebergSchema {
    /// Ten thousand fields with paths of a few hundred bytes have a twentieth.
    private static let pathBytesAtMost = 64 << 20

    /// `{"type": "struct", "schema-id": 0, "fields": [{"id": 1, "name": "a", "required": true, "type": "long"}]}`
    package init(json: JSONValue) throws(IcebergError) {
        let members = try JSONMembers(json, of: "schema")
        if let type = try members.optionalString("type"), type != "struct" {
            throw IcebergError(.malformed, "a schema is a struct", ["found": type])
        }
        var reader = SchemaJSONReader()
        let fields = try reader.fields(members, depth: 0)
        self.init(
            schemaID: try members.optionalInteger("schema-id") ?? 0, fields: fields,
            identifierFieldIDs: try members.optionalIntegers("identifier-field-ids") ?? [])
        fieldExtras = reader.extras
        opaqueTypes = reader.opaqueTypes
        guard pathBytes <= Self.pathBytesAtMost else {
            throw IcebergError(
                .invalidSchema, "the names of nested fields are too long all in all",
                ["bytes": pathBytes, "most": Self.pathBytesAtMost])
        }
        extras = members.rest(beyond: ["type", "schema-id", "identifier-field-ids", "fields"])
    }

    package var json: JSONValue {
        var object = JSONObject()
        object["type"] = "struct"
        object["schema-id"] = JSONValue(schemaID)
        if !identifierFieldIDs.isEmpty {
            object["identifier-field-ids"] = .array(identifierFieldIDs.map { JSONValue($0) })
        }
        object["fields"] = .array(fields.map { fieldJSON($0) })
        object.merge(extras)
        return .object(object)
    }

    private func fieldJSON(_ field: Field) -> JSONValue {
        var object = JSONObject()
        object["id"] = field.id.map { JSONValue($0) }
        object["name"] = .string(field.name)
        object["required"] = .boolean(field.isRequired)
        object["type"] = typeJSON(field)
        object["doc"] = field.doc.map { .string($0) }
        if let id = field.id, let more = fieldExtras[id] { object.merge(more) }
        return .object(object)
    }

    private func typeJSON(_ field: Field) -> JSONValue {
        if let id = field.id, let opaque = opaqueTypes[id] { return opaque }
        switch field.type {
        case .structure(let fields):
            return ["type": "struct", "fields": .array(fields.map { fieldJSON($0) })]
        case .list(let element):
            return [
                "type": "list", "element-id": JSONValue(element.id ?? 0), "element": typeJSON(element),
                "element-required": .boolean(element.isRequired),
            ]
        case .map(let key, let value):
            return [
                "type": "map", "key-id": JSONValue(key.id ?? 0), "key": typeJSON(key),
                "value-id": JSONValue(value.id ?? 0), "value": typeJSON(value),
                "value-required": .boolean(value.isRequired),
            ]
        default:
            // `validate` lets no type without a name into a table; the print is for people who look at one outside.
            return .string(TypeText.print(field.type) ?? field.type.description)
        }
    }
}

/// Reads types, gathering on the way what Firn only carries.
private struct SchemaJSONReader {
    /// Types nest no deeper than this: deeper ones come from an attacker.
    private static let depthLimit = 64

    var extras: [Int: JSONObject] = [:]
    var opaqueTypes: [Int: JSONValue] = [:]

    mutating func fields(_ members: JSONMembers, depth: Int) throws(IcebergError) -> [Field] {
        var fields: [Field] = []
        for value in try members.array("fields") {
            let field = try JSONMembers(value, of: "field")
            let id = try field.integer("id")
            let type = try type(field.required("type"), of: id, depth: depth + 1)
            fields.append(
                Field(
                    id: id, try field.string("name"), type, isRequired: try field.boolean("required"),
                    doc: try field.optionalString("doc")))
            let rest = field.rest(beyond: ["id", "name", "type", "required", "doc"])
            if !rest.isEmpty { extras[id] = rest }
        }
        return fields
    }

    private mutating func type(_ json: JSONValue, of id: Int, depth: Int) throws(IcebergError) -> DataType {
        if depth > Self.depthLimit {
            throw IcebergError(.invalidSchema, "types nest too deep", ["limit": Self.depthLimit])
        }
        if let text = json.string {
            if let type = TypeText.parse(text) { return type }
            guard TypeText.isOpaque(text) else {
                throw IcebergError(.unknownType, "no table type has this name", ["type": text])
            }
            opaqueTypes[id] = json
            return .null
        }
        let members = try JSONMembers(json, of: "type")
        switch try members.string("type") {
        case "struct": return .structure(try fields(members, depth: depth))
        case "list":
            let elementID = try members.integer("element-id")
            let element = try type(members.required("element"), of: elementID, depth: depth + 1)
            return .list(
                Field(id: elementID, "element", element, isRequired: try members.boolean("element-required")))
        case "map":
            let keyID = try members.integer("key-id")
            let valueID = try members.integer("value-id")
            let key = try type(members.required("key"), of: keyID, depth: depth + 1)
            let value = try type(members.required("value"), of: valueID, depth: depth + 1)
            return .map(
                key: Field(id: keyID, "key", key, isRequired: true),
                value: Field(id: valueID, "value", value, isRequired: try members.boolean("value-required")))
        case let other: throw IcebergError(.unknownType, "no table type has this name", ["type": other])
        }
    }
}
