import Columnar

/// json_get and its kin: a document, then a path of names and indexes.
///
/// - Nulls: a missing path, a value of another kind and text that is no JSON give null, or the type's default where
///   the context says so.
enum JSONFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        if call.function == .extractJSON || call.function == .extractJSONString {
            return try JSONPath.evaluate(call)
        }
        let documents = try call.text(0)
        let path = try JSONPathOperand(call)
        switch call.function {
        case .jsonGetString:
            return try texts(call, documents, path) { bytes, range, buffer in
                guard bytes[range.lowerBound] == UInt8(ascii: "\""),
                    let text = JSONScanner.unescaped(bytes, range)
                else { return false }
                buffer.append(contentsOf: text.utf8)
                return true
            }
        case .jsonAsText:
            return try texts(call, documents, path) { bytes, range, buffer in
                if bytes[range.lowerBound] == UInt8(ascii: "\"") {
                    guard let text = JSONScanner.unescaped(bytes, range) else { return false }
                    buffer.append(contentsOf: text.utf8)
                    return true
                }
                if isNull(bytes, range) { return false }
                buffer.append(copying: bytes.extracting(range))
                return true
            }
        case .jsonGet, .jsonGetJSON:
            return try texts(call, documents, path) { bytes, range, buffer in
                buffer.append(copying: bytes.extracting(range))
                return true
            }
        case .jsonGetInteger: return try integers(call, documents, path)
        case .jsonGetFloat:
            let missing: Double? = call.context.missingJSONIsDefault ? 0 : nil
            let column = try call.rows.fixed(.double) { row throws(KernelError) -> Double? in
                found(documents, path, row) { bytes, range in
                    guard case .value(let value) = NumberParsing.double(bytes.extracting(range)) else {
                        return nil
                    }
                    return value
                } ?? missing
            }
            return try column.cast(to: call.result)
        case .jsonGetBoolean:
            let missing: Bool? = call.context.missingJSONIsDefault ? false : nil
            return try call.rows.truth { row throws(KernelError) in
                found(documents, path, row) { bytes, range in
                    switch UTF8Text.string(bytes.extracting(range)) {
                    case "true": true
                    case "false": false
                    default: nil
                    }
                } ?? missing
            }
        case .jsonContains:
            return try RowPlan(count: call.rowCount, validity: path.validity).truth {
                row throws(KernelError) in
                guard call.arguments[0].isNull(row) == false else { return false }
                return found(documents, path, row) { _, _ in true } ?? false
            }
        case .jsonLength, .jsonGetArray: return try children(call, documents, path)
        case .jsonGetMap: return try members(call, documents, path)
        default: throw call.unsupported()
        }
    }

    private static func isNull(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == 4 && bytes[range.lowerBound] == UInt8(ascii: "n")
    }

    @inline(__always)
    private static func found<Value>(
        _ documents: TextOperand, _ path: JSONPathOperand, _ row: Int,
        _ body: (Span<UInt8>, Range<Int>) -> Value?
    ) -> Value? {
        documents.withBytes(at: row) { bytes in
            JSONScanner.find(path.steps(row), in: bytes).flatMap { body(bytes, $0) }
        }
    }

    private static func texts(
        _ call: KernelCall, _ documents: TextOperand, _ path: JSONPathOperand,
        _ body: (Span<UInt8>, Range<Int>, inout [UInt8]) -> Bool
    ) throws(KernelError) -> Column {
        let keepsEmpty = call.context.missingJSONIsDefault && call.function == .jsonGetString
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let isFound = documents.withBytes(at: row) { bytes in
                guard let range = JSONScanner.find(path.steps(row), in: bytes) else { return false }
                return body(bytes, range, &buffer)
            }
            return isFound || keepsEmpty
        }
    }

    private static func integers(
        _ call: KernelCall, _ documents: TextOperand, _ path: JSONPathOperand
    ) throws(KernelError) -> Column {
        let missing: Int64? = call.context.missingJSONIsDefault ? 0 : nil
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
            found(documents, path, row) { bytes, range in
                guard case .value(let value) = NumberParsing.integer(bytes.extracting(range), as: Int64.self)
                else {
                    return nil
                }
                return value
            } ?? missing
        }
        return try column.cast(to: call.result)
    }

    private static func children(
        _ call: KernelCall, _ documents: TextOperand, _ path: JSONPathOperand
    ) throws(KernelError) -> Column {
        try call.rows.scalars(call.result) { row throws(KernelError) in
            documents.withBytes(at: row) { bytes in
                guard let range = JSONScanner.find(path.steps(row), in: bytes),
                    let children = JSONScanner.children(bytes, range.lowerBound)
                else { return .null }
                if call.function == .jsonGetArray {
                    guard bytes[range.lowerBound] == UInt8(ascii: "[") else { return .null }
                    return .list(children.map { .string(UTF8Text.string(bytes.extracting($0))) })
                }
                return call.result == .int
                    ? .int(Int32(clamping: children.count)) : .long(Int64(children.count))
            }
        }
    }
    /// A name that repeats counts once, with its first value, as for `json_get`.
    private static func members(
        _ call: KernelCall, _ documents: TextOperand, _ path: JSONPathOperand
    ) throws(KernelError) -> Column {
        try call.rows.scalars(call.result) { row throws(KernelError) in
            documents.withBytes(at: row) { bytes in
                guard let range = JSONScanner.find(path.steps(row), in: bytes),
                    let members = JSONScanner.members(bytes, range.lowerBound)
                else { return .null }
                var names = Set<String>()
                var pairs: [ScalarPair] = []
                for member in members {
                    guard let name = JSONScanner.unescaped(bytes, member.name) else { return .null }
                    guard names.insert(name).inserted else { continue }
                    let value = UTF8Text.string(bytes.extracting(member.value))
                    pairs.append(ScalarPair(.string(name), .string(value)))
                }
                return .map(pairs)
            }
        }
    }
}

/// The path arguments of a JSON function; read once when they are constants.
struct JSONPathOperand {
    private enum Part {
        case names(TextOperand)
        case indexes(Operand<Int64>)
    }
    private let parts: [Part]
    private let fixed: [JSONScanner.Step]?
    /// Null where a part of the path is.
    let validity: Bitmap?

    init(_ call: KernelCall) throws(KernelError) {
        var parts: [Part] = []
        var validity: Bitmap?
        for index in call.arguments.indices.dropFirst() {
            let argument = call.arguments[index]
            if argument.mayHaveNulls { validity = intersect(validity, argument.validityBits()) }
            parts.append(
                argument.type.isInteger ? .indexes(try call.long(index)) : .names(try call.text(index)))
        }
        self.parts = parts
        self.validity = validity
        let isFixed = call.rowCount > 0 && call.arguments.dropFirst().allSatisfy { $0.constantValue != nil }
        fixed = isFixed ? Self.steps(parts, 0) : nil
    }

    func steps(_ row: Int) -> [JSONScanner.Step] { fixed ?? Self.steps(parts, row) }

    private static func steps(_ parts: [Part], _ row: Int) -> [JSONScanner.Step] {
        parts.map { part in
            switch part {
            case .names(let names): .name(names.bytes(at: row))
            case .indexes(let indexes): .index(Int(clamping: indexes[row]))
            }
        }
    }
}
