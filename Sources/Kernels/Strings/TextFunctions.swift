import Columnar
import Effects
import Octets

/// Functions over text: picks the kernel.
enum TextFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .concatOperator, .concat, .concatWithSeparator: return try TextJoining.evaluate(call)
        case .characterLength, .octetLength, .bitLength, .position, .startsWith, .endsWith, .contains, .ascii,
            .levenshtein, .findInSet:
            return try TextMeasures.evaluate(call)
        case .substring, .left, .right, .trim, .trimStart, .trimEnd, .splitPart, .substringIndex:
            return try TextParts.evaluate(call)
        case .lower, .upper, .initcap, .padStart, .padEnd, .replace, .reverse, .repeated, .translate,
            .overlay:
            return try TextChanges.evaluate(call)
        case .chr, .toHex, .uuid, .encode, .decode: return try conversions(call)
        default: throw call.unsupported()
        }
    }

    private static func conversions(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .chr:
            let codes = try call.long(0)
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                guard codes[row] > 0, let value = UInt32(exactly: codes[row]),
                    let scalar = Unicode.Scalar(value)
                else {
                    throw KernelError(
                        .invalidArgument, "there is no character with this code", ["code": codes[row]])
                }
                buffer.append(contentsOf: String(scalar).utf8)
                return true
            }
        case .toHex:
            let isInt = call.arguments[0].type == .int
            let numbers = try call.long(0)
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                let value =
                    isInt
                    ? UInt64(UInt32(truncatingIfNeeded: numbers[row])) : UInt64(bitPattern: numbers[row])
                buffer.append(contentsOf: String(value, radix: 16).utf8)
                return true
            }
        case .uuid:
            guard let randomness = call.context.randomness else { throw call.unsupported() }
            return try call.rows.text(call.result) { _, buffer throws(KernelError) in
                var bytes = randomness.bytes(16)
                bytes[6] = bytes[6] & 0x0F | 0x40
                bytes[8] = bytes[8] & 0x3F | 0x80
                TextFormat.append(uuid: bytes.span, to: &buffer)
                return true
            }
        case .encode, .decode:
            let values = try call.text(0)
            let formats = try call.text(1)
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                try convert(call.function, values, formats.string(at: row).lowercased(), row, &buffer)
                return true
            }
        default: throw call.unsupported()
        }
    }

    private static func convert(
        _ function: ScalarFunction, _ values: TextOperand, _ format: String, _ row: Int,
        _ buffer: inout [UInt8]
    ) throws(KernelError) {
        guard ["base64", "base64pad", "hex"].contains(format) else {
            throw KernelError(
                .invalidArgument, "the format is 'base64', 'base64pad' or 'hex'", ["format": "'\(format)'"])
        }
        if function == .encode {
            let bytes = values.bytes(at: row)
            let text = format == "hex" ? Hex.encode(bytes) : Base64.encode(bytes)
            // As DataFusion's: only 'base64pad' ends with equal signs.
            buffer.append(contentsOf: text.utf8.prefix { format != "base64" || $0 != UInt8(ascii: "=") })
            return
        }
        let text = values.string(at: row)
        guard let bytes = format == "hex" ? Hex.decode(text) : Base64.decode(text) else {
            throw KernelError(
                .invalidArgument, "the text is not in this format",
                ["format": format, "value": "'\(text.prefix(100))'"])
        }
        buffer.append(contentsOf: bytes)
    }
}
