import JSONText

/// Reads the schema in the header of an Avro file.
///
/// Refuses what would make a reader recurse or run without end: types that contain themselves, deep nesting, and names
/// used so often that the written-out type is huge.
struct AvroSchemaParser {
    private static let depthLimit = 64
    /// Fields and branches, every use of a named type counted anew.
    private static let sizeLimit = 20_000

    private var named: [String: (schema: AvroSchema, size: Int)] = [:]
    private var size = 0

    static func parse(_ json: JSONValue) throws(FileFormatsError) -> AvroSchema {
        var parser = AvroSchemaParser()
        return try parser.schema(json, namespace: "", depth: 0)
    }

    private func malformed(_ summary: String, _ json: JSONValue? = nil) -> FileFormatsError {
        let found = json.map { String($0.description.prefix(200)) } ?? "nothing"
        return FileFormatsError(.corruptFile, "the Avro schema is malformed: " + summary, ["found": found])
    }

    private mutating func grow(_ amount: Int) throws(FileFormatsError) {
        size += amount
        if size > Self.sizeLimit { throw malformed("too many fields") }
    }

    private mutating func schema(
        _ json: JSONValue, namespace: String, depth: Int
    ) throws(FileFormatsError) -> AvroSchema {
        if depth > Self.depthLimit { throw malformed("types nest too deep") }
        try grow(1)
        switch json {
        case .string(let name): return try reference(name, namespace: namespace)
        case .array(let branches):
            if branches.isEmpty { throw malformed("a union without branches") }
            var result: [AvroSchema] = []
            for branch in branches {
                result.append(try schema(branch, namespace: namespace, depth: depth + 1))
            }
            return .union(result)
        case .object(let object): return try complex(object, namespace: namespace, depth: depth)
        default: throw malformed("no type", json)
        }
    }

    private mutating func reference(_ name: String, namespace: String) throws(FileFormatsError) -> AvroSchema
    {
        switch name {
        case "null": return .null
        case "boolean": return .boolean
        case "int": return .int
        case "long": return .long
        case "float": return .float
        case "double": return .double
        case "bytes": return .bytes
        case "string": return .string
        default:
            guard let known = named[fullName(name, namespace)] ?? named[name] else {
                throw malformed("a name that stands for no type", .string(name))
            }
            try grow(known.size)
            return known.schema
        }
    }

    private func fullName(_ name: String, _ namespace: String) -> String {
        name.contains(".") || namespace.isEmpty ? name : namespace + "." + name
    }

    private mutating func complex(
        _ object: JSONObject, namespace: String, depth: Int
    ) throws(FileFormatsError) -> AvroSchema {
        guard let type = object["type"] else { throw malformed("a type without `type`", .object(object)) }
        guard let kind = type.string else { return try schema(type, namespace: namespace, depth: depth + 1) }
        switch kind {
        case "array":
            guard let items = object["items"] else { throw malformed("an array without items") }
            return .array(
                try schema(items, namespace: namespace, depth: depth + 1),
                elementID: object["element-id"]?.integer.flatMap { Int(exactly: $0) },
                isMap: object["logicalType"]?.string == "map")
        case "map":
            guard let values = object["values"] else { throw malformed("a map without values") }
            return .map(try schema(values, namespace: namespace, depth: depth + 1))
        case "record", "error", "fixed", "enum":
            return try named(kind, object, namespace: namespace, depth: depth)
        default: return try reference(kind, namespace: namespace)
        }
    }

    private mutating func named(
        _ kind: String, _ object: JSONObject, namespace: String, depth: Int
    ) throws(FileFormatsError) -> AvroSchema {
        guard let name = object["name"]?.string else { throw malformed("a named type without name") }
        let space = object["namespace"]?.string ?? namespace
        let sizeBefore = size
        let result: AvroSchema
        switch kind {
        case "fixed":
            guard let size = object["size"]?.integer, (0...Int64(1 << 20)).contains(size) else {
                throw malformed("a fixed type of no size", .object(object))
            }
            result = .fixed(name: name, size: Int(size))
        case "enum":
            let symbols = (object["symbols"]?.array ?? []).compactMap(\.string)
            result = .enumeration(name: name, symbols: symbols)
        default:
            guard let fields = object["fields"]?.array else { throw malformed("a record without fields") }
            var list: [AvroField] = []
            for field in fields {
                guard let fieldName = field["name"]?.string, let type = field["type"] else {
                    throw malformed("a field without name or type", field)
                }
                list.append(
                    AvroField(
                        fieldName, try schema(type, namespace: space, depth: depth + 1),
                        id: field["field-id"]?.integer.flatMap { Int(exactly: $0) }))
            }
            result = .record(name: name, list)
        }
        // Only now: a type cannot mean itself.
        named[fullName(name, space)] = (result, size - sizeBefore + 1)
        return result
    }
}
