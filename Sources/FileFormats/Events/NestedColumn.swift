import Columnar
import Faults
import JSONText

/// What is wrong with a value inside an event.
struct MisfitFault: Error {
    var code: MisfitCode
    var path: String
    var message: String
    var expected: String
    var found: String

    init(code: MisfitCode, path: String, message: String, expected: String, found: String) {
        self.code = code
        self.path = path
        self.message = message
        self.expected = expected
        self.found = found
    }

    /// With the message that the code has.
    init(_ code: MisfitCode, at path: String, expected: String, found: String) {
        self.init(
            code: code, path: path,
            message: MisfitText.message(code, expected: expected, found: found),
            expected: code == .unknownField ? "a field of the schema" : expected,
            found: code == .missingField ? "nothing" : MisfitText.shown(found))
    }
}

/// Makes a list or struct column from the places of its values in a body.
///
/// - Cost: each value becomes a `JSONValue` and a `Scalar` on its way; flat fields do not come here.
struct NestedColumn {
    private let field: StreamField
    private let body: [UInt8]
    private let shape: JSONShape
    /// What a row without the field has.
    private let standard: Scalar

    init(field: StreamField, body: [UInt8]) {
        self.field = field
        self.body = body
        shape = EventValue.shape(field.type)
        standard = EventValue.standard(of: field)
    }

    /// One row a span; an empty span is null. `refuse` hears of each row that does not fit; such a row is null.
    ///
    /// - Shapes: `sizes` has an entry a span: what `NestedSize` says of it.
    func column(
        _ spans: ArraySlice<Range<Int>>, sizes: ArraySlice<Int>, refuse: (Int, MisfitFault) -> Void
    ) -> Column {
        var builder = ColumnBuilder(field.type.columnType)
        for (row, (span, size)) in zip(spans, sizes).enumerated() {
            if span.isEmpty {
                // The reader's sign for a member that is missing and has a default.
                if span.lowerBound < 0 {
                    builder.append(standard)
                } else {
                    builder.appendNull()
                }
                continue
            }
            do throws(MisfitFault) {
                guard size <= NestedSize.eventLimit else { throw tooLarge() }
                builder.append(try value(span))
            } catch {
                builder.appendNull()
                refuse(row, error)
            }
        }
        return builder.finish()
    }

    private func tooLarge() -> MisfitFault {
        MisfitFault(
            code: .tooLarge, path: MisfitText.path("$", field.name),
            message: "the value unfolds to more than \(NestedSize.eventLimit) values",
            expected: "at most \(NestedSize.eventLimit) values", found: "more")
    }

    private func value(_ span: Range<Int>) throws(MisfitFault) -> Scalar {
        let json: JSONValue
        do {
            json = try JSONParser.parse(Array(body[span]), as: shape)
        } catch {
            // The body was checked, so only a value that the second reader finds too deep comes here.
            throw MisfitFault(
                code: .parseFailure, path: MisfitText.path("$", field.name), message: error.message,
                expected: field.type.expectation, found: MisfitText.shown(error.message))
        }
        return try EventValue.scalar(json, field, path: "$")
    }
}

/// Converts JSON values to a stream's types: the meaning that the native reader has for flat fields, once more for
/// values inside lists and structs.
enum EventValue {
    /// How a value of the type is read: fields of type json are kept as they were written.
    static func shape(_ type: StreamType) -> JSONShape {
        switch type {
        case .json: return .text
        case .list(let items):
            let elements = shape(items.type)
            return elements.isValue ? .value : .elements(elements)
        case .structure(let fields):
            var members: [MemberName: JSONShape] = [:]
            for field in fields {
                let member = shape(field.type)
                if !member.isValue { members[MemberName(field.name)] = member }
            }
            return members.isEmpty ? .value : .members(members)
        case .map(_, let value):
            let values = shape(value.type)
            return values.isValue ? .value : .entries(values)
        default: return .value
        }
    }

    /// What an event without the field has: its default, or null.
    static func standard(of field: StreamField) -> Scalar {
        guard let given = field.defaultValue else { return .null }
        do {
            return try checked(given, field, path: "$")
        } catch { preconditionFailure("a default was checked with its schema: \(error.message)") }
    }

    /// A default as a value of its field.
    static func checked(
        _ given: JSONValue, _ field: StreamField, path: String
    ) throws(MisfitFault) -> Scalar {
        var json = given
        do throws(JSONError) {
            json = try JSONParser.parse(Array(given.description.utf8), as: shape(field.type))
        } catch {
            throw MisfitFault(
                code: .parseFailure, path: path, message: error.message,
                expected: field.type.expectation, found: found(given))
        }
        return try scalar(json, field, path: path)
    }

    /// The value of `field`, which lies in the value at `path` and was read in the shape of its type.
    static func scalar(
        _ json: JSONValue, _ field: StreamField, path parent: String
    ) throws(MisfitFault) -> Scalar {
        let path = MisfitText.path(parent, field.name)
        return try scalar(json, field, at: path)
    }

    private static func scalar(
        _ json: JSONValue, _ field: StreamField, at path: String
    ) throws(MisfitFault) -> Scalar {
        func fault(_ code: MisfitCode) -> MisfitFault {
            MisfitFault(code, at: path, expected: field.type.expectation, found: found(json))
        }
        if json.isNull {
            if field.isRequired { throw fault(.nullValue) }
            return .null
        }
        switch (field.type, json) {
        case (.list(let items), .array(let elements)):
            var scalars: [Scalar] = []
            scalars.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                scalars.append(try scalar(element, items, at: "\(path)[\(index)]"))
            }
            return .list(scalars)
        case (.structure(let fields), .object(let object)):
            var scalars: [Scalar] = []
            for child in fields {
                if let value = object[child.name] {
                    scalars.append(try scalar(value, child, path: path))
                } else if child.defaultValue != nil {
                    scalars.append(standard(of: child))
                } else if child.isRequired {
                    throw MisfitFault(
                        .missingField, at: MisfitText.path(path, child.name),
                        expected: child.type.expectation, found: "")
                } else {
                    scalars.append(.null)
                }
            }
            return .structure(scalars)
        case (.map(let key, let value), _):
            guard let entries = entries(json) else { throw fault(.typeMismatch) }
            var pairs: [ScalarPair] = []
            // A key that comes twice keeps the last value, as a name does.
            var places: [Scalar: Int] = [:]
            for (name, given) in entries {
                let place = name.string.map { MisfitText.path(path, $0) } ?? "\(path)[\(name)]"
                let pair = ScalarPair(try scalar(name, key, at: place), try scalar(given, value, at: place))
                if let known = places[pair.key] {
                    pairs[known] = pair
                } else {
                    places[pair.key] = pairs.count
                    pairs.append(pair)
                }
            }
            return .map(pairs)
        default:
            switch flat(json, field.type) {
            case .success(let scalar): return scalar
            case .failure(let code): throw fault(code.code)
            }
        }
    }

    /// `{"a":1}`, or `[{"key":"a","value":1}]`; nil for anything else.
    private static func entries(_ json: JSONValue) -> [(key: JSONValue, value: JSONValue)]? {
        if let object = json.object { return object.members.map { (.string($0.name), $0.value) } }
        guard let list = json.array else { return nil }
        var entries: [(key: JSONValue, value: JSONValue)] = []
        for entry in list {
            guard let key = entry["key"] else { return nil }
            entries.append((key, entry["value"] ?? .null))
        }
        return entries
    }

    /// As the native reader names what it found: strings without quotes' contents changed.
    private static func found(_ json: JSONValue) -> String { json.description }

    struct Refusal: Error {
        var code: MisfitCode
    }

    private static func flat(_ json: JSONValue, _ type: StreamType) -> Result<Scalar, Refusal> {
        func refuse(_ code: MisfitCode) -> Result<Scalar, Refusal> { .failure(Refusal(code: code)) }
        switch json {
        case .string(let text) where type == .json: return .success(.string(text))
        case .boolean(let value): return type == .bool ? .success(.boolean(value)) : refuse(.typeMismatch)
        case .integer(let value): return number(String(value), type)
        case .number(let digits): return number(digits, type)
        case .string(let text): return string(text, type)
        default: return refuse(.typeMismatch)
        }
    }

    private static func string(_ text: String, _ type: StreamType) -> Result<Scalar, Refusal> {
        switch type {
        case .string: return .success(.string(text))
        case .bool, .list, .structure, .map, .json: return .failure(Refusal(code: .typeMismatch))
        case .int8, .int16, .uint8, .uint16, .int32, .int64, .uint32, .uint64, .decimal:
            // A number of JSON's grammar, without white space around it.
            let isBare = text.utf8.first.map { $0 > 0x20 } == true && text.utf8.last.map { $0 > 0x20 } == true
            guard isBare, case .success(let inner) = Result(catching: { try JSONParser.parse(text) }),
                inner.double != nil
            else { return .failure(Refusal(code: .parseFailure)) }
            return number(text, type)
        case .float32, .float64:
            guard let special = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity][text]
            else {
                return .failure(Refusal(code: .parseFailure))
            }
            return .success(type == .float32 ? .float(Float(special)) : .double(special))
        case .date, .timestamp, .binary, .uuid:
            return EventText.scalar(text, type).map { .success($0) }
                ?? .failure(Refusal(code: .parseFailure))
        }
    }

    private static func number(_ digits: String, _ type: StreamType) -> Result<Scalar, Refusal> {
        func refuse(_ code: MisfitCode) -> Result<Scalar, Refusal> { .failure(Refusal(code: code)) }
        func integer<Value: FixedWidthInteger>(_: Value.Type, _ make: (Value) -> Scalar) -> Result<
            Scalar, Refusal
        > {
            if let value = Value(digits) { return .success(make(value)) }
            guard let exact = ExactDecimal(digits) else { return refuse(.outOfRange) }
            if exact.exponent < 0 { return refuse(.typeMismatch) }
            guard let value = exact.scaled(by: 0, precision: 38, floors: false).flatMap(Value.init(exactly:))
            else { return refuse(.outOfRange) }
            return .success(make(value))
        }
        switch type {
        case .int8: return integer(Int8.self) { .int(Int32($0)) }
        case .int16: return integer(Int16.self) { .int(Int32($0)) }
        case .uint8: return integer(UInt8.self) { .int(Int32($0)) }
        case .uint16: return integer(UInt16.self) { .int(Int32($0)) }
        case .int32: return integer(Int32.self) { .int($0) }
        case .int64: return integer(Int64.self) { .long($0) }
        case .uint32: return integer(UInt32.self) { .long(Int64($0)) }
        case .uint64: return integer(UInt64.self) { .int128(Int128($0)) }
        case .float32:
            guard let value = Float(digits), value.isFinite else { return refuse(.outOfRange) }
            return .success(.float(value))
        case .float64:
            guard let value = Double(digits), value.isFinite else { return refuse(.outOfRange) }
            return .success(.double(value))
        case .decimal(let precision, let scale):
            let value = ExactDecimal(digits)?.scaled(by: scale, precision: precision, floors: false)
            guard let value else { return refuse(.outOfRange) }
            return .success(precision <= DataType.longPrecision ? .long(Int64(value)) : .int128(value))
        case .timestamp(let unit):
            let value = ExactDecimal(digits)?.scaled(by: 6 - unit.digits, precision: 19, floors: true)
            guard let value = value.flatMap(Int64.init(exactly:)) else { return refuse(.outOfRange) }
            return .success(.long(value))
        default: return refuse(.typeMismatch)
        }
    }
}
