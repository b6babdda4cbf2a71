import JSONText

/// One field of a CSV row as JSON.
package enum CSVValue {
    /// What a column's fields become.
    package enum Kind: Sendable, Equatable {
        case string
        /// A number where the text is one, else a string: the stream says what is wrong with it.
        case number
        case boolean
        /// A value where the text is JSON, else a string.
        case json
        /// A number, `true` or `false` where the text is one, else a string.
        case inferred
    }

    package static func write(_ field: ArraySlice<UInt8>, as kind: Kind, to body: inout [UInt8]) {
        switch kind {
        case .number where isNumber(field): body += field
        case .inferred where isNumber(field) || isBoolean(field): body += field
        case .boolean:
            let word = String(decoding: field, as: UTF8.self).lowercased()
            if word == "true" || word == "false" { body += word.utf8 } else { quote(field, to: &body) }
        case .json where isJSON(field):
            // A line end would end the event; outside of strings, which have none, a space says the same.
            body += field.lazy.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? 0x20 : $0 }
        default: quote(field, to: &body)
        }
    }

    /// What a stream's field of this type takes.
    package static func kind(ofType type: String) -> Kind {
        switch type {
        case "int8", "int16", "uint8", "uint16", "int32", "int64", "uint32", "uint64", "float32", "float64",
            "decimal128", "timestamp":
            .number
        case "bool": .boolean
        case "json", "list", "struct", "map": .json
        default: .string
        }
    }

    private static func quote(_ field: ArraySlice<UInt8>, to body: inout [UInt8]) {
        // Most fields need no escape and are copied as they are.
        if field.allSatisfy({ $0 >= 0x20 && $0 < 0x80 && $0 != 0x22 && $0 != 0x5C }) {
            body.append(UInt8(ascii: "\""))
            body += field
            body.append(UInt8(ascii: "\""))
        } else {
            JSONValue.appendQuoted(String(decoding: field, as: UTF8.self), to: &body)
        }
    }

    private static func isBoolean(_ field: ArraySlice<UInt8>) -> Bool {
        field.elementsEqual("true".utf8) || field.elementsEqual("false".utf8)
    }

    private static func isJSON(_ field: ArraySlice<UInt8>) -> Bool {
        do throws(JSONError) {
            _ = try JSONParser.parse(Array(field))
            return true
        } catch { return false }
    }

    /// The grammar of RFC 8259: no leading zeros, plus signs or bare points.
    package static func isNumber(_ field: ArraySlice<UInt8>) -> Bool {
        var index = field.startIndex
        func digits() -> Int {
            let start = index
            while index < field.endIndex, (0x30...0x39).contains(field[index]) { index += 1 }
            return index - start
        }
        func skip(_ characters: String) -> Bool {
            guard index < field.endIndex, characters.utf8.contains(field[index]) else { return false }
            index += 1
            return true
        }
        _ = skip("-")
        let first = index
        let whole = digits()
        guard whole > 0, whole == 1 || field[first] != 0x30 else { return false }
        if skip("."), digits() == 0 { return false }
        if skip("eE") {
            _ = skip("+-")
            if digits() == 0 { return false }
        }
        return index == field.endIndex
    }
}
