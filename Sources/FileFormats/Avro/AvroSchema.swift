package import JSONText

/// The type of Avro data, with the field ids Iceberg adds.
///
/// Source: Apache Avro 1.11 specification; Iceberg table specification, appendix A, "Avro".
package indirect enum AvroSchema: Sendable, Hashable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(name: String, size: Int)
    case enumeration(name: String, symbols: [String])
    case record(name: String, [AvroField])
    /// `elementID` is Iceberg's id of the elements; `isMap` marks an array of key-value records that stands for a map.
    case array(AvroSchema, elementID: Int? = nil, isMap: Bool = false)
    case map(AvroSchema)
    case union([AvroSchema])

    /// The type itself, where the schema is a union of it and null.
    package var nonNull: AvroSchema {
        guard case .union(let branches) = self else { return self }
        let others = branches.filter { $0 != .null }
        return others.count == 1 ? others[0] : self
    }

    package static func optional(_ schema: AvroSchema) -> AvroSchema { .union([.null, schema]) }
}

/// A field of a record.
package struct AvroField: Sendable, Hashable {
    package var name: String
    package var schema: AvroSchema
    /// Iceberg's field id.
    package var fieldID: Int?
    /// `date`, `timestamp-micros` and the like: only for other readers, ours go by Iceberg's types.
    package var logicalType: [String: JSONValue]

    package init(_ name: String, _ schema: AvroSchema, id: Int?, logicalType: [String: JSONValue] = [:]) {
        self.name = name
        self.schema = schema
        fieldID = id
        self.logicalType = logicalType
    }
}

extension AvroSchema {
    /// How the schema is written into a file's header.
    package var json: JSONValue { json([:]) }

    private func json(_ logical: [String: JSONValue]) -> JSONValue {
        switch self {
        case .null, .boolean, .int, .long, .float, .double, .bytes, .string:
            if logical.isEmpty { return .string("\(self)") }
            return annotated(["type": .string("\(self)")], logical)
        case .fixed(let name, let size):
            return annotated(["type": "fixed", "name": .string(name), "size": JSONValue(size)], logical)
        case .enumeration(let name, let symbols):
            return ["type": "enum", "name": .string(name), "symbols": JSONValue(symbols)]
        case .record(let name, let fields):
            return ["type": "record", "name": .string(name), "fields": .array(fields.map(\.json))]
        case .array(let element, let id, let isMap):
            var object: JSONObject = ["type": "array", "items": element.json(logical)]
            if isMap { object["logicalType"] = "map" }
            object["element-id"] = id.map { JSONValue($0) }
            return .object(object)
        case .map(let value): return ["type": "map", "values": value.json(logical)]
        case .union(let branches):
            return .array(branches.map { $0 == .null ? $0.json : $0.json(logical) })
        }
    }

    private func annotated(_ object: JSONObject, _ logical: [String: JSONValue]) -> JSONValue {
        var object = object
        for (name, value) in logical.sorted(by: { $0.key < $1.key }) { object[name] = value }
        return .object(object)
    }
}

extension AvroField {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["name": .string(name), "type": schema.annotatedJSON(logicalType)]
        if case .union(let branches) = schema, branches.first == .null { object["default"] = .null }
        object["field-id"] = fieldID.map { JSONValue($0) }
        return .object(object)
    }
}

extension AvroSchema {
    fileprivate func annotatedJSON(_ logical: [String: JSONValue]) -> JSONValue { json(logical) }
}
