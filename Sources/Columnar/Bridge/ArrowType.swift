import CArrowData

/// An Arrow type, as far as columns have room for it: what to make of the buffers, and the column's type.
indirect enum ArrowType: Sendable {
    case null
    case boolean
    /// Little-endian integers of so many bytes.
    case integer(width: Int, isSigned: Bool)
    case float
    case double
    /// Bytes of the unscaled number.
    case decimal(width: Int)
    /// A count of units, of which a value of the column's type has `numerator` / `denominator`.
    case scaled(width: Int, multiplier: Int64, divisor: Int64)
    case strings(offsetWidth: Int)
    case views
    case fixed(Int)
    case months
    case monthDayNano
    case list(offsetWidth: Int, ArrowField)
    case map(key: ArrowField, value: ArrowField)
    case structure([ArrowField])
    case dictionary(indexWidth: Int, isSigned: Bool, values: ArrowType)
}

/// An Arrow field: how its buffers are read, and the field it becomes.
struct ArrowField: Sendable {
    var arrow: ArrowType
    var field: Field
}

/// Reads schemas of the C Data Interface. They stay with their owner.
enum ArrowSchemaReader {
    private static let depthLimit = 64

    /// - Parameter schema: Valid by the interface's rules: texts are zero-terminated, lists have their counts.
    @unsafe static func read(
        _ schema: UnsafePointer<ArrowSchema>, depth: Int = 0
    ) throws(ColumnarError) -> ArrowField {
        guard depth < depthLimit else {
            throw ColumnarError(.unsupportedArrowType, "an Arrow type nests too deep", ["limit": depthLimit])
        }
        // SAFETY: `schema` is valid by contract; the texts are copied.
        let name = unsafe schema.pointee.name.map { unsafe String(cString: $0) } ?? ""
        let format = unsafe schema.pointee.format.map { unsafe String(cString: $0) } ?? ""
        var children: [ArrowField] = []
        for index in unsafe 0..<max(0, Int(schema.pointee.n_children)) {
            guard let child = unsafe schema.pointee.children?[index] else { continue }
            children.append(try unsafe read(child, depth: depth + 1))
        }
        let metadata = unsafe metadata(schema.pointee.metadata)
        var (arrow, type) = try parse(
            format, children, isUUID: metadata["ARROW:extension:name"] == "arrow.uuid")
        if let values = unsafe schema.pointee.dictionary {
            guard case .integer(let width, let isSigned) = arrow else {
                throw ColumnarError(.malformedArrow, "dictionary indices are no integers", ["format": format])
            }
            let dictionary = try unsafe read(values, depth: depth + 1)
            arrow = .dictionary(indexWidth: width, isSigned: isSigned, values: dictionary.arrow)
            type = dictionary.field.type
        }
        let isNullable = unsafe schema.pointee.flags & Int64(ARROW_FLAG_NULLABLE) != 0
        let id = metadata["PARQUET:field_id"].flatMap { Int($0) }
        return ArrowField(arrow: arrow, field: Field(id: id, name, type, isRequired: !isNullable))
    }

    /// Pairs as the interface packs them: a count, then length and bytes of each key and value, native-endian.
    private static func metadata(_ packed: UnsafePointer<CChar>?) -> [String: String] {
        guard let packed = unsafe packed else { return [:] }
        var position = 0
        // SAFETY: the interface asks for the counts to be right; there is no length to check them against.
        let bytes = unsafe UnsafeRawPointer(packed)
        func number() -> Int {
            defer { position += 4 }
            return unsafe Int(bytes.loadUnaligned(fromByteOffset: position, as: Int32.self))
        }
        func text() -> String {
            let length = max(0, number())
            defer { position += length }
            return unsafe String(
                decoding: UnsafeRawBufferPointer(start: bytes + position, count: length), as: UTF8.self)
        }
        var pairs: [String: String] = [:]
        for _ in 0..<max(0, number()) {
            let key = text()
            pairs[key] = text()
        }
        return pairs
    }

    private static func parse(
        _ format: String, _ children: [ArrowField], isUUID: Bool
    ) throws(ColumnarError) -> (ArrowType, DataType) {
        if let plain = plainTypes[format] { return plain }
        if let time = timestamp(format) { return time }
        if format.hasPrefix("w:"), let length = Int(format.dropFirst(2)), length >= 0 {
            return (.fixed(length), isUUID && length == 16 ? .uuid : .fixed(length))
        }
        if let decimal = decimal(format) { return decimal }
        switch (format, children.count) {
        case ("+s", _): return (.structure(children), .structure(children.map(\.field)))
        case ("+l", 1): return (.list(offsetWidth: 4, children[0]), .list(children[0].field))
        case ("+L", 1): return (.list(offsetWidth: 8, children[0]), .list(children[0].field))
        case ("+m", 1):
            guard case .structure(let entry) = children[0].arrow, entry.count == 2 else { break }
            var key = entry[0]
            key.field.isRequired = true
            return (.map(key: key, value: entry[1]), .map(key: key.field, value: entry[1].field))
        default: break
        }
        throw ColumnarError(.unsupportedArrowType, "an Arrow type has no column", ["format": format])
    }

    private static let plainTypes: [String: (ArrowType, DataType)] = [
        "n": (.null, .null), "b": (.boolean, .boolean),
        "c": (.integer(width: 1, isSigned: true), .int), "C": (.integer(width: 1, isSigned: false), .int),
        "s": (.integer(width: 2, isSigned: true), .int), "S": (.integer(width: 2, isSigned: false), .int),
        "i": (.integer(width: 4, isSigned: true), .int), "I": (.integer(width: 4, isSigned: false), .long),
        "l": (.integer(width: 8, isSigned: true), .long),
        "L": (.integer(width: 8, isSigned: false), .decimal(precision: 20, scale: 0)),
        "f": (.float, .float), "g": (.double, .double),
        "u": (.strings(offsetWidth: 4), .string), "U": (.strings(offsetWidth: 8), .string),
        "z": (.strings(offsetWidth: 4), .binary), "Z": (.strings(offsetWidth: 8), .binary),
        "vu": (.views, .string), "vz": (.views, .binary),
        "tdD": (.integer(width: 4, isSigned: true), .date),
        "tdm": (.scaled(width: 8, multiplier: 1, divisor: 86_400_000), .date),
        "tts": (.scaled(width: 4, multiplier: 1_000_000, divisor: 1), .time),
        "ttm": (.scaled(width: 4, multiplier: 1000, divisor: 1), .time),
        "ttu": (.integer(width: 8, isSigned: true), .time),
        "ttn": (.scaled(width: 8, multiplier: 1, divisor: 1000), .time),
        "tiM": (.months, .interval), "tin": (.monthDayNano, .interval),
    ]

    /// `tsu:UTC`: the unit, and a zone; any zone means an instant.
    private static func timestamp(_ format: String) -> (ArrowType, DataType)? {
        let text = Array(format.utf8)
        guard text.count >= 4, format.hasPrefix("ts"), text[3] == UInt8(ascii: ":") else { return nil }
        let isInstant = text.count > 4
        let type: DataType = isInstant ? .timestamptz : .timestamp
        switch text[2] {
        case UInt8(ascii: "s"): return (.scaled(width: 8, multiplier: 1_000_000, divisor: 1), type)
        case UInt8(ascii: "m"): return (.scaled(width: 8, multiplier: 1000, divisor: 1), type)
        case UInt8(ascii: "u"): return (.integer(width: 8, isSigned: true), type)
        case UInt8(ascii: "n"):
            return (.integer(width: 8, isSigned: true), isInstant ? .timestamptzNanos : .timestampNanos)
        default: return nil
        }
    }

    /// `d:precision,scale` of 128 bits, or with a third number of so many.
    private static func decimal(_ format: String) -> (ArrowType, DataType)? {
        guard format.hasPrefix("d:") else { return nil }
        let numbers = format.dropFirst(2).split(separator: ",").compactMap { Int($0) }
        guard numbers.count == 2 || numbers.count == 3, (1...DataType.maximumPrecision).contains(numbers[0]),
            (0...numbers[0]).contains(numbers[1])
        else { return nil }
        let bits = numbers.count == 3 ? numbers[2] : 128
        guard [32, 64, 128].contains(bits) else { return nil }
        return (.decimal(width: bits / 8), .decimal(precision: numbers[0], scale: numbers[1]))
    }
}
