package import Columnar
package import JSONText

extension Scalar {
    /// Null, a boolean, or an object that names the payload's form: `{"long": 5}`.
    package var planJSON: JSONValue {
        switch self {
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .int(let value): ["int": JSONValue(value)]
        case .long(let value): ["long": JSONValue(value)]
        case .int128(let value): ["int128": .string("\(value)")]
        // Bits, so that the sign of zero and NaNs survive.
        case .float(let value): ["float": JSONValue(value.bitPattern)]
        case .double(let value): ["double": JSONValue(Int64(bitPattern: value.bitPattern))]
        case .string(let text): .string(text)
        case .bytes(let bytes): ["bytes": .array(bytes.map { JSONValue($0) })]
        case .interval(let interval):
            [
                "interval": [
                    JSONValue(interval.months), JSONValue(interval.days), JSONValue(interval.microseconds),
                ]
            ]
        case .list(let elements): ["list": .array(elements.map(\.planJSON))]
        case .map(let pairs): ["map": .array(pairs.map { [$0.key.planJSON, $0.value.planJSON] })]
        case .structure(let fields): ["struct": .array(fields.map(\.planJSON))]
        }
    }

    package init(planJSON json: JSONValue) throws(PlansError) {
        switch json {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .string(let text): self = .string(text)
        default:
            let members = try PlanJSON(json, of: "value")
            guard let (form, payload) = members.object.members.first.map({ ($0.name, $0.value) }) else {
                throw PlansError(.malformed, "an encoded value is empty")
            }
            self = try Self.decode(form, payload, members)
        }
    }

    private static func decode(
        _ form: String, _ payload: JSONValue, _ members: PlanJSON
    ) throws(PlansError) -> Scalar {
        switch form {
        case "int": if let value = payload.integer.flatMap(Int32.init(exactly:)) { return .int(value) }
        case "long": if let value = payload.integer { return .long(value) }
        case "int128": if let value = payload.string.flatMap({ Int128($0) }) { return .int128(value) }
        case "float":
            if let bits = payload.integer.flatMap(UInt32.init(exactly:)) {
                return .float(Float(bitPattern: bits))
            }
        case "double":
            if let bits = payload.integer { return .double(Double(bitPattern: UInt64(bitPattern: bits))) }
        case "bytes":
            let bytes = try members.array(form)
            let values = bytes.compactMap { $0.integer.flatMap(UInt8.init(exactly:)) }
            if values.count == bytes.count { return .bytes(values) }
        case "interval":
            let parts = try members.array(form).compactMap(\.integer)
            if parts.count == 3, let months = Int32(exactly: parts[0]), let days = Int32(exactly: parts[1]) {
                return .interval(Interval(months: months, days: days, microseconds: parts[2]))
            }
        case "list":
            return .list(try members.list(form) { json throws(PlansError) in try Scalar(planJSON: json) })
        case "struct":
            return .structure(
                try members.list(form) { json throws(PlansError) in try Scalar(planJSON: json) })
        case "map":
            return .map(
                try members.list(form) { json throws(PlansError) in
                    guard let pair = json.array, pair.count == 2 else {
                        throw members.malformed(form, "is not a list of pairs")
                    }
                    return ScalarPair(try Scalar(planJSON: pair[0]), try Scalar(planJSON: pair[1]))
                })
        default: break
        }
        throw members.malformed(form, "is not a value of its form")
    }
}

extension Scalar {
    /// True when this is a payload a column of the type can hold.
    package func fits(_ type: DataType) -> Bool {
        switch (type.physical, self) {
        case (_, .null): true
        case (.boolean, .boolean), (.int32, .int), (.int64, .long), (.int64, .int), (.int128, .int128),
            (.int128, .long), (.float, .float), (.double, .double), (.interval, .interval),
            (.string, .string),
            (.string, .bytes):
            true
        case (.list, .list(let elements)):
            if case .list(let element) = type { elements.allSatisfy { $0.fits(element.type) } } else { false }
        case (.map, .map(let pairs)):
            if case .map(let key, let value) = type {
                pairs.allSatisfy { $0.key.fits(key.type) && $0.value.fits(value.type) }
            } else {
                false
            }
        case (.structure, .structure(let values)):
            if case .structure(let fields) = type {
                values.count == fields.count && zip(values, fields).allSatisfy { $0.fits($1.type) }
            } else {
                false
            }
        default: false
        }
    }
}
