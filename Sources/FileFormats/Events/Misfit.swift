/// Why an event became no row of its stream.
package enum MisfitCode: String, Sendable, Hashable, CaseIterable {
    case missingField = "missing_field"
    /// Null in a required field.
    case nullValue = "null_value"
    case typeMismatch = "type_mismatch"
    /// A string that does not read as the field's type.
    case parseFailure = "parse_failure"
    /// A number the field's type cannot hold.
    case outOfRange = "out_of_range"
    /// A field that the schema lacks, where the stream refuses them.
    case unknownField = "unknown_field"
    /// A list or struct of more values than one event may have.
    case tooLarge = "too_large"
}

/// One event that does not fit its stream's schema, with everything its producer needs to mend it.
package struct Misfit: Sendable, Hashable {
    /// The event's place in its body, from zero.
    package var index: Int
    package var code: MisfitCode
    /// JSON path of the value: `$.user.id`; `$` is the event itself.
    package var path: String
    /// What was expected and what was found.
    package var message: String
    /// In words: `a string`.
    package var expected: String
    /// The beginning of the value as it was sent; `nothing` for a field that is missing.
    package var found: String
    /// The event's text as it came.
    package var raw: String

    init(index: Int, _ fault: MisfitFault, raw: String) {
        self.index = index
        code = fault.code
        path = fault.path
        message = fault.message
        expected = fault.expected
        found = fault.found
        self.raw = raw
    }
}

/// Words for paths and messages of misfits.
enum MisfitText {
    /// Longer values are cut in messages; the raw event has them whole.
    static let foundLimit = 64
    /// More than so many bytes are not looked at for it.
    static let foundBytes = 4096

    static func path(_ parent: String, _ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_")
                    || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
                    || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
            }
        return isPlain ? "\(parent).\(name)" : "\(parent)['\(name)']"
    }

    static func shown(_ found: some StringProtocol) -> String {
        found.count > foundLimit ? String(found.prefix(foundLimit)) + "…" : String(found)
    }

    static func message(_ code: MisfitCode, expected: String, found: some StringProtocol) -> String {
        let shown = shown(found)
        switch code {
        case .missingField: return "the required field is missing; expected \(expected)"
        case .nullValue: return "the required field is null; expected \(expected)"
        case .unknownField: return "the schema has no field \(shown)"
        case .outOfRange: return "\(shown) does not fit \(expected)"
        case .typeMismatch, .parseFailure, .tooLarge: return "expected \(expected), found \(shown)"
        }
    }
}

extension StreamType {
    /// What an event should hold, in the words of a message.
    var expectation: String {
        switch self {
        case .decimal(let precision, let scale): "a number or string of decimal(\(precision), \(scale))"
        case .timestamp(let unit): "an RFC 3339 timestamp or a number of \(unit.rawValue)s"
        case .string: "a string"
        case .int8: "an integer of int8, from -128 to 127"
        case .int16: "an integer of int16, from -32768 to 32767"
        case .uint8: "an integer of uint8, from 0 to 255"
        case .uint16: "an integer of uint16, from 0 to 65535"
        case .int32, .int64, .uint32, .uint64: "an integer of \(name)"
        case .float32, .float64: "a number of \(name)"
        case .bool: "true or false"
        case .date: "a date as YYYY-MM-DD"
        case .json: "a JSON value"
        case .binary: "base64"
        case .uuid: "a UUID"
        case .list: "an array"
        case .structure: "an object"
        case .map(let key, _): "an object whose names are keys of \(key.type.name)"
        }
    }
}
