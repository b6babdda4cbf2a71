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
        let lookup = JSONLookup(documents: try call.text(0), path: try JSONPathOperand(call))
        switch call.function {
        case .jsonGetString:
            return try texts(call, lookup) { bytes, range, buffer in
                guard bytes[range.lowerBound] == UInt8(ascii: "\""),
                    let text = JSONScanner.unescaped(bytes, range)
                else { return false }
                buffer.append(contentsOf: text.utf8)
                return true
            }
        case .jsonAsText:
            return try texts(call, lookup) { bytes, range, buffer in
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
            return try texts(call, lookup) { bytes, range, buffer in
                buffer.append(copying: bytes.extracting(range))
                return true
            }
        case .jsonGetArray: return try arrays(call, lookup)
        case .jsonGetMap: return try members(call, lookup)
        case .jsonGetBoolean, .jsonContains: return try truths(call, lookup)
        case .jsonGetInteger, .jsonGetFloat, .jsonLength: return try numbers(call, lookup)
        default: throw call.unsupported()
        }
    }

    private static func isNull(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        range.count == 4 && bytes[range.lowerBound] == UInt8(ascii: "n")
    }

    private static func texts(
        _ call: KernelCall, _ lookup: JSONLookup,
        _ body: (Span<UInt8>, Range<Int>, inout [UInt8]) -> Bool
    ) throws(KernelError) -> Column {
        let keepsEmpty = call.context.missingJSONIsDefault && call.function == .jsonGetString
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let isFound = try lookup.found(row, &watch) { bytes, range, _ in body(bytes, range, &buffer) }
            return isFound ?? false || keepsEmpty
        }
    }

    private static func numbers(_ call: KernelCall, _ lookup: JSONLookup) throws(KernelError) -> Column {
        let isDefault = call.context.missingJSONIsDefault
        var watch = StepWatch(call.context.supervisor)
        let column: Column
        switch call.function {
        case .jsonGetFloat:
            column = try call.rows.fixed(.double) { row throws(KernelError) -> Double? in
                try lookup.found(row, &watch) { bytes, range, _ -> Double? in
                    guard case .value(let value) = NumberParsing.double(bytes.extracting(range)) else {
                        return nil
                    }
                    return value
                } ?? (isDefault ? 0 : nil)
            }
        case .jsonGetInteger:
            column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
                try lookup.found(row, &watch) { bytes, range, _ -> Int64? in
                    let number = NumberParsing.integer(bytes.extracting(range), as: Int64.self)
                    guard case .value(let value) = number else { return nil }
                    return value
                } ?? (isDefault ? 0 : nil)
            }
        default:
            column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
                try lookup.found(row, &watch) { bytes, range, watch throws(KernelError) -> Int64? in
                    try JSONScanner.childCount(bytes, range.lowerBound, &watch).map { Int64($0) }
                }
            }
        }
        return try column.cast(to: call.result)
    }

    private static func truths(_ call: KernelCall, _ lookup: JSONLookup) throws(KernelError) -> Column {
        var watch = StepWatch(call.context.supervisor)
        if call.function == .jsonContains {
            // A document that is null contains nothing.
            return try call.plan(lookup.path.validity).truth { row throws(KernelError) in
                guard call.arguments[0].isNull(row) == false else { return false }
                return try lookup.found(row, &watch) { _, _, _ in true } ?? false
            }
        }
        let missing: Bool? = call.context.missingJSONIsDefault ? false : nil
        return try call.rows.truth { row throws(KernelError) in
            try lookup.found(row, &watch) { bytes, range, _ -> Bool? in
                switch UTF8Text.string(bytes.extracting(range)) {
                case "true": true
                case "false": false
                default: nil
                }
            } ?? missing
        }
    }

    /// A name that repeats counts once, with its first value, as for `json_get`.
    private static func members(_ call: KernelCall, _ lookup: JSONLookup) throws(KernelError) -> Column {
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.scalars(call.result) { row throws(KernelError) in
            try lookup.found(row, &watch) { bytes, range, watch throws(KernelError) -> Scalar? in
                guard bytes[range.lowerBound] == UInt8(ascii: "{") else { return nil }
                var names = Set<Scalar>()
                var pairs: [ScalarPair] = []
                var isWhole = true
                let isObject = try JSONScanner.forEachPart(bytes, range.lowerBound, &watch) {
                    name, value throws(KernelError) in
                    guard let text = JSONScanner.unescaped(bytes, name) else {
                        isWhole = false
                        return
                    }
                    guard names.insert(.string(text)).inserted else { return }
                    try RowPlan.check(elements: pairs.count + 1)
                    pairs.append(
                        ScalarPair(.string(text), .string(UTF8Text.string(bytes.extracting(value)))))
                }
                return isObject && isWhole ? .map(pairs) : nil
            } ?? .null
        }
    }

    /// The elements are counted before one is made.
    private static func arrays(_ call: KernelCall, _ lookup: JSONLookup) throws(KernelError) -> Column {
        var watch = StepWatch(call.context.supervisor)
        return try TextLists.column(call, validity: call.validity) { row, lists throws(KernelError) in
            try lookup.found(row, &watch) { bytes, range, watch throws(KernelError) -> Bool? in
                guard bytes[range.lowerBound] == UInt8(ascii: "["),
                    let count = try JSONScanner.childCount(bytes, range.lowerBound, &watch)
                else { return nil }
                try RowPlan.check(elements: count)
                return try JSONScanner.forEachChild(bytes, range.lowerBound, &watch) {
                    child throws(KernelError) in try lists.append(bytes.extracting(child))
                }
            } ?? false
        }
    }
}

/// The documents of a call and the path that is followed into each.
private struct JSONLookup {
    let documents: TextOperand
    let path: JSONPathOperand

    /// Calls `body` with the document and the value's place in it; nil when there is no such value.
    @inline(__always)
    func found<Value>(
        _ row: Int, _ watch: inout StepWatch,
        _ body: (Span<UInt8>, Range<Int>, inout StepWatch) throws(KernelError) -> Value?
    ) throws(KernelError) -> Value? {
        try documents.withBytes(at: row) { bytes throws(KernelError) -> Value? in
            guard let range = try JSONScanner.find(path.steps(row), in: bytes, &watch) else { return nil }
            return try body(bytes, range, &watch)
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
