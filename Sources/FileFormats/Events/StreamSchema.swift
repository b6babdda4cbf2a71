package import Columnar
package import JSONText

/// The shape of a stream's events: typed fields, or one JSON value each.
///
///     {"fields":[{"name":"ts","type":"timestamp","unit":"millisecond","required":true},
///                {"name":"tags","type":"list","items":{"type":"string","required":false}}]}
///
/// Source: the hosted service's stream schema.
package enum StreamSchema: Sendable, Hashable {
    case fields([StreamField])
    /// Every event is one value of the column `value`.
    case unstructured

    package static let unstructuredColumn = "value"
    package static let fieldLimit = 1_000
    package static let depthLimit = 32

    /// The columns of the batches that a parser of this schema gives.
    package var columns: Schema {
        switch self {
        case .fields(let fields): Schema(fields.map(\.column))
        case .unstructured: Schema([Field(Self.unstructuredColumn, .json, isRequired: true)])
        }
    }
}

extension StreamSchema {
    /// Reads the hosted form; null means unstructured.
    ///
    /// - Errors: `FMT-101` with the JSON path of what is wrong.
    package init(json: JSONValue) throws(FileFormatsError) {
        if json.isNull {
            self = .unstructured
            return
        }
        guard let list = json["fields"]?.array else {
            throw Self.invalid("a stream's schema needs a list of fields", "$.fields")
        }
        let inferred = json["inferred"] ?? .null
        guard inferred.isNull || inferred.boolean != nil else {
            throw Self.invalid("inferred should be true or false", "$.inferred")
        }
        self = .fields(try Self.readFields(list, "$.fields", depth: 0))
    }

    /// The hosted form; null for an unstructured stream.
    package var json: JSONValue {
        switch self {
        case .unstructured: .null
        case .fields(let fields): ["fields": .array(fields.map { $0.json })]
        }
    }

    private static func invalid(_ summary: String, _ path: String, hint: String? = nil) -> FileFormatsError {
        FileFormatsError(.invalidSchema, summary, ["path": path], hint: hint)
    }

    private static func readFields(
        _ list: [JSONValue], _ path: String, depth: Int
    ) throws(FileFormatsError) -> [StreamField] {
        if list.isEmpty { throw invalid("a schema needs at least one field", path) }
        if list.count > fieldLimit {
            throw invalid("the schema has more fields than \(fieldLimit)", path)
        }
        var fields: [StreamField] = []
        var names: Set<MemberName> = []
        for (index, value) in list.enumerated() {
            let place = "\(path)[\(index)]"
            guard let name = value["name"]?.string, !name.isEmpty else {
                throw invalid("a field needs a name", place + ".name")
            }
            if !names.insert(MemberName(name)).inserted {
                throw invalid("two fields have the name \(name)", place + ".name")
            }
            fields.append(try readField(value, name, place, depth: depth))
        }
        return fields
    }

    private static func readField(
        _ value: JSONValue, _ name: String, _ path: String, depth: Int
    ) throws(FileFormatsError) -> StreamField {
        if depth > depthLimit { throw invalid("the schema nests deeper than \(depthLimit) levels", path) }
        let required = value["required"] ?? .null
        if !required.isNull, required.boolean == nil {
            throw invalid("required should be true or false", path + ".required")
        }
        for name in ["metadata_key", "sql_name"] {
            guard let given = value[name], !given.isNull, given.string == nil else { continue }
            throw invalid("\(name) should be a string", "\(path).\(name)")
        }
        let type = try readType(value, path, depth: depth)
        try refuseUnknown(value, of: type, path)
        return StreamField(
            name, type, isRequired: required.boolean ?? false,
            defaultValue: try readDefault(value, name, type, path),
            metadataKey: value["metadata_key"]?.string, sqlName: value["sql_name"]?.string)
    }

    /// Longer defaults would be written again and again.
    private static let defaultBytes = 1024

    private static func readDefault(
        _ value: JSONValue, _ name: String, _ type: StreamType, _ path: String
    ) throws(FileFormatsError) -> JSONValue? {
        guard let given = value["default"], !given.isNull else { return nil }
        let place = path + ".default"
        guard given.description.utf8.count <= defaultBytes else {
            throw invalid("a default has at most \(defaultBytes) bytes", place)
        }
        do throws(MisfitFault) {
            _ = try EventValue.checked(given, StreamField(name, type), path: "$")
        } catch {
            throw FileFormatsError(
                .invalidSchema, "the default does not fit its field",
                ["path": place, "reason": error.message])
        }
        return given
    }

    /// What says nothing for the type must not look as if it did; null says nothing anywhere.
    private static func refuseUnknown(
        _ value: JSONValue, of type: StreamType, _ path: String
    ) throws(FileFormatsError) {
        let known = ["name", "type", "required", "default", "metadata_key", "sql_name"] + type.members
        for (name, given) in value.object?.members ?? [] where !given.isNull && !known.contains(name) {
            throw invalid(
                "a field of the type \(type.name) has no such member", "\(path).\(name.prefix(128))",
                hint: "its members are " + known.joined(separator: ", "))
        }
    }

    private static func readType(
        _ value: JSONValue, _ path: String, depth: Int
    ) throws(FileFormatsError) -> StreamType {
        guard let name = value["type"]?.string else {
            throw invalid("a field needs a type", path + ".type")
        }
        switch name {
        case "decimal", "decimal128": return try readDecimal(value, path)
        case "timestamp": return .timestamp(unit: try readUnit(value, path))
        case "list":
            guard let items = value["items"], items.object != nil else {
                throw invalid("a list needs items with a type", path + ".items")
            }
            let element = items["name"]?.string ?? "element"
            return .list(try readPart(items, element, path + ".items", depth: depth))
        case "map": return try readMap(value, path, depth: depth)
        case "struct":
            guard let list = value["fields"]?.array else {
                throw invalid("a struct needs a list of fields", path + ".fields")
            }
            return .structure(try readFields(list, path + ".fields", depth: depth + 1))
        default:
            guard let type = plainTypes[name] else {
                let known = (plainTypes.keys.sorted() + ["decimal128", "list", "map", "struct", "timestamp"])
                throw invalid(
                    "no type has the name \(name)", path + ".type",
                    hint: "use one of " + known.joined(separator: ", "))
            }
            return type
        }
    }

    private static let plainTypes: [String: StreamType] = [
        "string": .string, "int8": .int8, "int16": .int16, "uint8": .uint8, "uint16": .uint16,
        "int32": .int32, "int64": .int64, "uint32": .uint32, "uint64": .uint64,
        "float32": .float32, "float64": .float64, "bool": .bool, "date": .date, "json": .json,
        "binary": .binary, "bytes": .binary, "uuid": .uuid,
    ]

    private static func readMap(
        _ value: JSONValue, _ path: String, depth: Int
    ) throws(FileFormatsError) -> StreamType {
        for part in ["key", "value"] where value[part]?.object == nil {
            throw invalid("a map needs a key and a value with types", "\(path).\(part)")
        }
        guard let key = value["key"], let item = value["value"] else {
            preconditionFailure("both were looked at")
        }
        var keys = try readPart(key, "key", path + ".key", depth: depth)
        switch keys.type {
        case .string, .int8, .int16, .uint8, .uint16, .int32, .int64, .uint32: break
        default: throw invalid("a map's keys are strings or integers", path + ".key.type")
        }
        guard key["required"]?.boolean != false else {
            throw invalid("a map's keys are never null", path + ".key.required")
        }
        keys.isRequired = true
        return .map(key: keys, value: try readPart(item, "value", path + ".value", depth: depth))
    }

    /// What is a part of each value and never missing, so that it has no default.
    private static func readPart(
        _ value: JSONValue, _ name: String, _ path: String, depth: Int
    ) throws(FileFormatsError) -> StreamField {
        let field = try readField(value, name, path, depth: depth + 1)
        guard field.defaultValue == nil else {
            throw invalid("a default stands for a missing member, and this is none", path + ".default")
        }
        return field
    }

    private static func readDecimal(
        _ value: JSONValue, _ path: String
    ) throws(FileFormatsError) -> StreamType {
        guard let precision = value["precision"]?.integer, (1...38).contains(precision) else {
            throw invalid("a decimal needs a precision from 1 to 38", path + ".precision")
        }
        let scale = value["scale"] ?? 0
        guard let scale = scale.integer, (0...precision).contains(scale) else {
            throw invalid("a decimal's scale lies between 0 and its precision", path + ".scale")
        }
        return .decimal(precision: Int(precision), scale: Int(scale))
    }

    private static func readUnit(
        _ value: JSONValue, _ path: String
    ) throws(FileFormatsError) -> StreamTimeUnit {
        let given = value["unit"] ?? .null
        if given.isNull { return .millisecond }
        guard let unit = given.string.flatMap(StreamTimeUnit.init(rawValue:)) else {
            throw invalid(
                "a timestamp's unit is not known", path + ".unit",
                hint: "use one of " + StreamTimeUnit.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return unit
    }
}

extension StreamType {
    /// What a field of the type has besides the members of every field.
    fileprivate var members: [String] {
        switch self {
        case .decimal: ["precision", "scale"]
        case .timestamp: ["unit"]
        case .list: ["items"]
        case .structure: ["fields"]
        case .map: ["key", "value"]
        default: []
        }
    }
}

extension StreamField {
    package var json: JSONValue {
        var members: JSONObject = ["name": .string(name)]
        members["type"] = .string(type.name)
        switch type {
        case .decimal(let precision, let scale):
            members["precision"] = JSONValue(precision)
            members["scale"] = JSONValue(scale)
        case .timestamp(let unit): members["unit"] = .string(unit.rawValue)
        case .list(let items): members["items"] = items.json
        case .structure(let fields): members["fields"] = .array(fields.map { $0.json })
        case .map(let key, let value):
            members["key"] = key.json
            members["value"] = value.json
        default: break
        }
        members["required"] = .boolean(isRequired)
        if let defaultValue { members["default"] = defaultValue }
        if let metadataKey { members["metadata_key"] = .string(metadataKey) }
        if let sqlName { members["sql_name"] = .string(sqlName) }
        return .object(members)
    }
}
