package import Columnar
import Effects
package import JSONText
import Octets

/// Reads values as metadata files hold them in JSON: the defaults of columns.
///
/// Source: Iceberg table specification, appendix D, "JSON single-value serialization".
package enum JSONSingleValue {
    /// - Errors: `ICE-107` when the value is none of the type.
    package static func decode(_ json: JSONValue, _ type: DataType) throws(IcebergError) -> Scalar {
        if json.isNull { return .null }
        if let value = try plain(json, type) { return value }
        throw IcebergError(
            .malformedValue, "a default value does not fit its column's type",
            ["type": type, "value": json.description])
    }

    private static func plain(_ json: JSONValue, _ type: DataType) throws(IcebergError) -> Scalar? {
        switch type {
        case .boolean: return json.boolean.map { .boolean($0) }
        case .int: return json.integer.flatMap { Int32(exactly: $0) }.map { .int($0) }
        case .long: return json.integer.map { .long($0) }
        case .float: return json.double.map { .float(Float($0)) }
        case .double: return json.double.map { .double($0) }
        case .string, .json: return json.string.map { .string($0) }
        case .decimal(let precision, let scale): return json.string.flatMap { decimal($0, precision, scale) }
        case .uuid: return json.string.flatMap { UniqueID($0) }.map { .bytes($0.bytes) }
        case .binary: return json.string.flatMap { Hex.decode($0) }.map { .bytes($0) }
        case .fixed(let length):
            return json.string.flatMap { Hex.decode($0) }.flatMap { $0.count == length ? .bytes($0) : nil }
        case .date: return json.string.flatMap { JSONTimes.day($0[...]) }.map { .int($0) }
        case .time: return json.string.flatMap { JSONTimes.clock($0[...], digits: 6) }.map { .long($0) }
        case .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos:
            return json.string.flatMap { JSONTimes.instant($0, type) }.map { .long($0) }
        case .structure(let fields): return try structure(json, fields)
        case .list(let element): return try list(json, element)
        case .map(let key, let value): return try map(json, key, value)
        case .null, .interval: return nil
        }
    }

    /// Members go by field id; what is not there is null.
    private static func structure(_ json: JSONValue, _ fields: [Field]) throws(IcebergError) -> Scalar? {
        guard let object = json.object else { return nil }
        var values: [Scalar] = []
        for field in fields { values.append(try decode(object["\(field.id ?? -1)"] ?? .null, field.type)) }
        return .structure(values)
    }

    private static func list(_ json: JSONValue, _ element: Field) throws(IcebergError) -> Scalar? {
        guard let items = json.array else { return nil }
        var values: [Scalar] = []
        for item in items { values.append(try decode(item, element.type)) }
        return .list(values)
    }

    private static func map(_ json: JSONValue, _ key: Field, _ value: Field) throws(IcebergError) -> Scalar? {
        guard let keys = json["keys"]?.array, let values = json["values"]?.array, keys.count == values.count
        else { return nil }
        var pairs: [ScalarPair] = []
        for (left, right) in zip(keys, values) {
            pairs.append(ScalarPair(try decode(left, key.type), try decode(right, value.type)))
        }
        return .map(pairs)
    }

    /// `-14.20`, with exactly `scale` digits behind the point.
    private static func decimal(_ text: String, _ precision: Int, _ scale: Int) -> Scalar? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, (parts.count == 2 ? parts[1].utf8.count : 0) == scale,
            let unscaled = Int128(parts.joined()),
            "\(unscaled.magnitude)".utf8.count <= precision
        else { return nil }
        return precision > DataType.longPrecision
            ? .int128(unscaled) : Int64(exactly: unscaled).map { .long($0) }
    }
}

/// Dates and times in ISO 8601.
private enum JSONTimes {
    private static func number(_ text: Substring, _ width: Int) -> Int? {
        text.utf8.count == width && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    static func day(_ text: Substring) -> Int32? {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : text).split(
            separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, (4...6).contains(parts[0].utf8.count),
            let year = number(parts[0], parts[0].utf8.count), let month = number(parts[1], 2),
            let day = number(parts[2], 2)
        else { return nil }
        let date = CivilDate(year: isNegative ? -year : year, month: month, day: day)
        return date.isValid ? Int32(exactly: date.daysSinceEpoch) : nil
    }

    /// `22:31:08.123456`; the fraction may be shorter or left out.
    static func clock(_ text: Substring, digits: Int) -> Int64? {
        let halves = text.split(separator: ".", omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count <= 2, parts.count == 3 || parts.count == 2 && halves.count == 1,
            let hours = number(parts[0], 2), let minutes = number(parts[1], 2),
            let seconds = parts.count == 3 ? number(parts[2], 2) : 0, hours < 24, minutes < 60, seconds < 60
        else { return nil }
        var fraction: Int64 = 0
        if halves.count == 2 {
            let width = halves[1].utf8.count
            guard (1...digits).contains(width), let found = number(halves[1], width) else { return nil }
            fraction = Int64(found)
            for _ in width..<digits { fraction *= 10 }
        }
        var unit: Int64 = 1
        for _ in 0..<digits { unit *= 10 }
        return Int64(hours * 3600 + minutes * 60 + seconds) * unit + fraction
    }

    /// Types with a zone end in `+00:00`; the specification has no other.
    static func instant(_ text: String, _ type: DataType) -> Int64? {
        var rest = text[...]
        if type == .timestamptz || type == .timestamptzNanos {
            guard let zone = ["+00:00", "Z"].first(where: { rest.hasSuffix($0) }) else { return nil }
            rest = rest.dropLast(zone.count)
        }
        let parts = rest.split(separator: "T", omittingEmptySubsequences: false)
        let digits = type == .timestamp || type == .timestamptz ? 6 : 9
        guard parts.count == 2, let day = day(parts[0]), let clock = clock(parts[1], digits: digits) else {
            return nil
        }
        let (start, overflow) = Int64(day).multipliedReportingOverflow(
            by: digits == 6 ? 86_400_000_000 : 86_400_000_000_000)
        let (sum, tooLarge) = start.addingReportingOverflow(clock)
        return overflow || tooLarge ? nil : sum
    }
}
