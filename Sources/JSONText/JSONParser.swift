import Faults

/// Reads JSON text (RFC 8259) into a `JSONValue`; strict, and bounded in depth.
///
/// - Errors: `JSON-101` with the byte where the text stops being JSON, `JSON-102`.
package struct JSONParser: ~Copyable {
    /// Deeper documents are refused: the reader recurses.
    package static let depthLimit = 256

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `shape` says what is kept as its text.
    package static func parse(
        _ bytes: [UInt8], as shape: JSONShape = .value
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes)
        let value = try parser.value(shape, depth: 0)
        parser.skipSpace()
        if parser.position < bytes.count { throw parser.malformed("text after the value") }
        return value
    }

    package static func parse(_ text: String) throws(JSONError) -> JSONValue { try parse(Array(text.utf8)) }

    private mutating func value(_ shape: JSONShape, depth: Int) throws(JSONError) -> JSONValue {
        guard case .text = shape else { return try value(of: shape, depth: depth) }
        skipSpace()
        let start = position
        if try value(of: .value, depth: depth).isNull { return .null }
        return .string(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func value(of shape: JSONShape, depth: Int) throws(JSONError) -> JSONValue {
        if depth > Self.depthLimit {
            throw JSONError(
                .tooDeep, "the value nests too deep", ["limit": Self.depthLimit], at: .byte(position))
        }
        skipSpace()
        guard position < bytes.count else { throw malformed("the text ends where a value should be") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(shape, depth: depth)
        case UInt8(ascii: "["): return try array(shape.ofElements, depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw malformed("no value starts with this character")
        }
    }

    private mutating func object(_ shape: JSONShape, depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var object = JSONObject()
        skipSpace()
        if take("}") { return .object(object) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw malformed("a member name in quotes should stand here")
            }
            let name = try string()
            skipSpace()
            guard take(":") else { throw malformed("a colon should stand here") }
            object[name] = try value(shape.ofMember(name), depth: depth + 1)
            skipSpace()
            if take("}") { return .object(object) }
            guard take(",") else { throw malformed("a comma or closing brace should stand here") }
        }
    }

    private mutating func array(_ shape: JSONShape, depth: Int) throws(JSONError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(shape, depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw malformed("a comma or closing bracket should stand here") }
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var isInteger = true
        _ = take("-")
        if take("0") {
            // A leading zero stands alone.
        } else if digits() == 0 {
            throw malformed("a digit should stand here")
        }
        if take(".") {
            isInteger = false
            if digits() == 0 { throw malformed("a digit should follow the point") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            if digits() == 0 { throw malformed("a digit should follow the exponent") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text), text != "-0" { return .integer(value) }
        return .number(text)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 { position += 1 }
        return position - start
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        var unescaped: [UInt8] = []
        var runStart = start
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let run = bytes[runStart..<position]
                position += 1
                // Most strings have no escape.
                let text =
                    runStart == start
                    ? String(validating: run, as: UTF8.self)
                    : String(validating: unescaped + run, as: UTF8.self)
                guard let text else {
                    position = start
                    throw malformed("the string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"):
                unescaped.append(contentsOf: bytes[runStart..<position])
                position += 1
                unescaped.append(contentsOf: try escape())
                runStart = position
            case 0..<0x20:
                throw malformed("a control character in a string must be escaped")
            default:
                position += 1
            }
        }
        throw malformed("the text ends inside a string")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard position < bytes.count else { throw malformed("the text ends inside a string") }
        let character = bytes[position]
        position += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [character]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            position -= 1
            throw malformed("no escape has this letter")
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
        var unit = try hexUnit()
        if (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        {
            let mark = position
            position += 2
            let low = try hexUnit()
            if (0xDC00..<0xE000).contains(low) {
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            } else {
                position = mark
            }
        }
        guard let scalar = Unicode.Scalar(unit) else { throw malformed("half of a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
            bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-")
        else { throw malformed("four hex digits should stand here") }
        position += 4
        return unit
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let expected = Array("\(text)".utf8)
        guard position + expected.count <= bytes.count,
            bytes[position..<position + expected.count].elementsEqual(expected)
        else { throw malformed("no value starts with this character") }
        position += expected.count
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private func malformed(_ summary: String) -> JSONError {
        JSONError(.malformed, "malformed JSON: " + summary, at: .byte(position))
    }
}
