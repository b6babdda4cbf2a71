import Columnar
import SQLSyntax

/// Gives types their meaning: PostgreSQL's and Spark's names, as the hosted service takes them.
enum TypeNames {
    private static let plain: [String: DataType] = [
        "boolean": .boolean, "bool": .boolean,
        "int": .int, "integer": .int, "int4": .int, "int32": .int, "smallint": .int, "int2": .int,
        "int16": .int,
        "tinyint": .int, "int8": .long, "bigint": .long, "long": .long, "int64": .long,
        // As in the hosted pipelines and in Iceberg, FLOAT is the short one.
        "float": .float, "real": .float, "float4": .float, "float32": .float,
        "double": .double, "double precision": .double, "float8": .double, "float64": .double,
        "string": .string, "varchar": .string, "text": .string, "character varying": .string, "char": .string,
        "character": .string, "bpchar": .string, "utf8": .string,
        "bytea": .binary, "binary": .binary, "varbinary": .binary, "blob": .binary, "bytes": .binary,
        "date": .date, "date32": .date, "time": .time,
        "timestamp": .timestamp, "datetime": .timestamp, "timestamptz": .timestamptz,
        "timestamp with time zone": .timestamptz, "timestamp_ns": .timestampNanos,
        "timestamptz_ns": .timestamptzNanos,
        "uuid": .uuid, "json": .json, "jsonb": .json, "interval": .interval,
    ]

    static func type(_ syntax: TypeSyntax) throws(PlannerError) -> DataType {
        switch syntax {
        case .list(let element): return .list(Field("element", try type(element)))
        case .map(let key, let value):
            return .map(
                key: Field("key", try type(key), isRequired: true), value: Field("value", try type(value)))
        case .structure(let fields):
            var result: [Field] = []
            for field in fields {
                var made = Field(field.name.text, try type(field.type), isRequired: field.isRequired)
                made.doc = field.comment
                result.append(made)
            }
            return .structure(result)
        case .named(let name, let arguments, let position):
            return try named(name, arguments, at: position)
        }
    }

    private static func named(
        _ name: String, _ arguments: [Int], at position: TextPosition
    ) throws(PlannerError) -> DataType {
        switch name {
        case "decimal", "numeric", "dec": return try decimal(arguments, at: position)
        case "fixed":
            guard arguments.count == 1, arguments[0] > 0 else {
                throw PlannerError(.unknownType, "fixed takes its number of bytes", at: position)
            }
            return .fixed(arguments[0])
        case "timestamp", "timestamp with time zone", "timestamptz", "time":
            guard let digits = arguments.first else { break }
            let most = name == "time" ? 6 : 9
            guard arguments.count == 1, digits <= most else {
                throw PlannerError(
                    .unknownType, "\(name) has 0 to \(most) digits behind the seconds", at: position)
            }
            if digits > 6 { return name == "timestamp" ? .timestampNanos : .timestamptzNanos }
        default: break
        }
        guard let type = plain[name] else {
            let known = Array(plain.keys).sorted() + ["decimal", "numeric", "fixed"]
            throw PlannerError(
                .unknownType, "there is no such type", ["type": name], at: position,
                hint: NameMatch.hint(name, among: known))
        }
        return type
    }

    private static func decimal(_ arguments: [Int], at position: TextPosition) throws(PlannerError)
        -> DataType
    {
        // Without digits DataFusion's default: PostgreSQL's has no bound.
        let precision = arguments.first ?? DataType.maximumPrecision
        let scale = arguments.count > 1 ? arguments[1] : arguments.isEmpty ? 10 : 0
        guard arguments.count <= 2, (1...DataType.maximumPrecision).contains(precision), scale <= precision
        else {
            throw PlannerError(
                .unknownType, "a decimal has 1 to 38 digits, no more of them behind the point than in all",
                at: position)
        }
        return .decimal(precision: precision, scale: scale)
    }
}
