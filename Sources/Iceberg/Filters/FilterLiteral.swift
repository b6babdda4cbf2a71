import Columnar
import Effects
import JSONText

/// A literal of a client's filter, not yet of a type.
///
///     5      "2026-01-31"      {"type": "literal", "value": "2026-01-31", "data-type": "date"}
struct FilterLiteral {
    private let value: JSONValue
    private let type: DataType?

    init(_ value: JSONValue) {
        self.value = value
        type = nil
    }

    init(object members: JSONMembers) throws(IcebergError) {
        value = try members.required("value")
        type = try members.optionalString("data-type").flatMap { TypeText.parse($0) }
    }

    /// An array of literals, or `{"type": "literals", "values": […], "data-type": "date"}`.
    static func list(_ json: JSONValue) throws(IcebergError) -> [FilterLiteral] {
        if let items = json.array {
            return try items.mapped { (item) throws(IcebergError) in
                guard case .object = item else { return FilterLiteral(item) }
                return try FilterLiteral(object: JSONMembers(item, of: "literal"))
            }
        }
        let members = try JSONMembers(json, of: "literals")
        let type = try members.optionalString("data-type").flatMap { TypeText.parse($0) }
        return try members.array("values").map { FilterLiteral($0, type) }
    }

    private init(_ value: JSONValue, _ type: DataType?) {
        self.value = value
        self.type = type
    }

    /// The payload a column of the type compares with.
    ///
    /// - Errors: `ICE-111`.
    func scalar(of target: DataType) throws(IcebergError) -> Scalar {
        if let found = type == .date && target.isTimestamp ? midnight(target) : plain(target) { return found }
        throw IcebergError(
            .invalidScan, "a literal of the filter does not fit its column",
            ["literal": value.description, "type": target])
    }

    private func plain(_ target: DataType) -> Scalar? {
        switch target {
        case .boolean: return value.boolean.map { .boolean($0) }
        case .int: return whole.map { number in Int32(exactly: number).map { .int($0) } ?? Self.wide(number) }
        case .long: return whole.map { Self.wide($0) }
        case .float: return value.double.map { .float(Float($0)) }
        case .double: return value.double.map { .double($0) }
        case .decimal(let precision, let scale): return decimal(precision, scale)
        case .date:
            // Some clients write the days themselves.
            return value.integer.flatMap { Int32(exactly: $0) }.map { .int($0) } ?? single(target)
        case .time, .timestamp, .timestampNanos: return value.integer.map { .long($0) } ?? single(target)
        case .timestamptz, .timestamptzNanos:
            return value.integer.map { .long($0) } ?? single(target) ?? withOffset(target)
        default: return single(target)
        }
    }

    /// In the form that defaults of columns have.
    private func single(_ target: DataType) -> Scalar? {
        if value.isNull { return nil }
        do { return try JSONSingleValue.decode(value, target) } catch { return nil }
    }

    /// Beyond the type's range it still compares: ranges of other widths do.
    private static func wide(_ number: Int128) -> Scalar {
        Int64(exactly: number).map { .long($0) } ?? .int128(number)
    }

    /// `5`, `5.0` and what has more than 64 bits.
    private var whole: Int128? {
        switch value {
        case .integer(let number): Int128(number)
        case .number(let digits):
            Int128(digits) ?? Double(digits).flatMap { $0.magnitude < 1e38 ? Int128(exactly: $0) : nil }
        default: nil
        }
    }

    /// `14.2` for a scale of two is 1420; more digits than the scale has are no value of the column.
    private func decimal(_ precision: Int, _ scale: Int) -> Scalar? {
        let text: String? =
            switch value {
            case .string(let text), .number(let text): text
            case .integer(let number): String(number)
            default: nil
            }
        let parts = (text ?? "").split(separator: ".", omittingEmptySubsequences: false)
        guard let integral = parts.first, parts.count <= 2, integral.contains(where: \.isNumber) else {
            return nil
        }
        var fraction = parts.count == 2 ? String(parts[1]) : ""
        while fraction.count > scale, fraction.hasSuffix("0") { fraction.removeLast() }
        guard fraction.count <= scale, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let unscaled = Int128(
                integral + fraction + String(repeating: "0", count: scale - fraction.count))
        else { return nil }
        return precision > DataType.longPrecision ? .int128(unscaled) : Self.wide(unscaled)
    }

    private func midnight(_ target: DataType) -> Scalar? {
        guard case .int(let days)? = FilterLiteral(value).plain(.date) else { return nil }
        let isNanos = target == .timestampNanos || target == .timestamptzNanos
        let (time, overflow) = Int64(days).multipliedReportingOverflow(
            by: isNanos ? 86_400_000_000_000 : 86_400_000_000)
        return overflow ? nil : .long(time)
    }

    /// `2026-01-31T12:00:00+01:00`
    private func withOffset(_ target: DataType) -> Scalar? {
        guard let text = value.string, let instant = Instant(rfc3339: text) else { return nil }
        if target == .timestamptz { return .long(instant.microseconds) }
        let (nanoseconds, overflow) = instant.microseconds.multipliedReportingOverflow(by: 1000)
        return overflow ? nil : .long(nanoseconds)
    }
}
