import Columnar
import Effects
import JSONText
import Octets

/// Prints variants, Parquet's binary JSON, as JSON text.
///
///     metadata   version and offset size: 1 | count | count + 1 offsets | names
///     value      kind: 2 bits, header: 6 bits | …
///
/// Members come in the order of the encoding, which is that of their names. What JSON lacks becomes a string: dates,
/// times, timestamps, binary (base64), UUIDs, NaN and infinities.
///
/// - Errors: `FMT-201` for whatever does not fit its bytes, nests too deep or grows too large.
/// - Source: Parquet's VariantEncoding.
package struct VariantText {
    private static let depthLimit = 128
    /// Values may share bytes, so that a small variant could print without end.
    private static let byteLimit = 16 << 20

    /// Where each name begins, and the last one ends.
    private let names: [Int]
    private let metadata: [UInt8]
    private let nameStart: Int

    package init(metadata: [UInt8]) throws(FileFormatsError) {
        guard let header = metadata.first, header & 0x0F == 1 else {
            throw Self.corrupt("its metadata has an unknown version")
        }
        var reader = VariantBytes(metadata)
        let width = Int(header >> 6) + 1
        reader.position = 1
        let count = try reader.number(width)
        // Each name has an offset: a false count ends with the bytes.
        guard count <= metadata.count / width else { throw Self.corrupt("its metadata ends early") }
        var offsets: [Int] = []
        offsets.reserveCapacity(count + 1)
        for _ in 0...count { offsets.append(try reader.number(width)) }
        nameStart = reader.position
        guard offsets[0] == 0, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }),
            let last = offsets.last, last <= metadata.count - nameStart
        else { throw Self.corrupt("its names lie outside its metadata") }
        names = offsets
        self.metadata = metadata
    }

    static func corrupt(_ why: String) -> FileFormatsError {
        FileFormatsError(.corruptFile, "a variant cannot be read", ["because": why])
    }

    package func append(_ value: [UInt8], to text: inout [UInt8]) throws(FileFormatsError) {
        var reader = VariantBytes(value)
        try append(&reader, to: &text, depth: 0)
    }

    private func append(
        _ reader: inout VariantBytes, to text: inout [UInt8], depth: Int
    ) throws(FileFormatsError) {
        guard depth < Self.depthLimit else { throw Self.corrupt("it nests too deep") }
        guard text.count < Self.byteLimit else { throw Self.corrupt("its text is too large") }
        let first = try reader.number(1)
        let header = first >> 2
        switch first & 3 {
        case 0: try primitive(header, &reader, to: &text)
        case 1: try string(reader.bytes(header), to: &text)
        case 2: try object(header, &reader, to: &text, depth: depth)
        default: try array(header, &reader, to: &text, depth: depth)
        }
    }

    private func primitive(
        _ kind: Int, _ reader: inout VariantBytes, to text: inout [UInt8]
    ) throws(FileFormatsError) {
        switch kind {
        case 0: text += Array("null".utf8)
        case 1: text += Array("true".utf8)
        case 2: text += Array("false".utf8)
        case 3...6: text += Array("\(try reader.signed(1 << (kind - 3)))".utf8)
        case 7: floating(Double(bitPattern: UInt64(bitPattern: Int64(try reader.signed(8)))), to: &text)
        case 14:
            let bits = UInt32(truncatingIfNeeded: try reader.signed(4))
            // The shortest text of the float, not of the double it equals.
            let number = Float(bitPattern: bits)
            if number.isFinite {
                text += Array("\(number)".utf8)
            } else {
                floating(Double(number), to: &text)
            }
        case 8...10: try decimal(width: 4 << (kind - 8), &reader, to: &text)
        case 15: quote(Base64.encode(try reader.bytes(reader.number(4))), to: &text)
        case 16: try string(reader.bytes(reader.number(4)), to: &text)
        case 20: quote(VariantTimes.uuid(try reader.bytes(16)), to: &text)
        default:
            guard let width = VariantTimes.width(kind) else { throw Self.corrupt("it has an unknown type") }
            let number = Int64(truncatingIfNeeded: try reader.signed(width))
            quote(VariantTimes.text(kind, number), to: &text)
        }
    }

    private func floating(_ number: Double, to text: inout [UInt8]) {
        if number.isFinite {
            text += Array("\(number)".utf8)
        } else {
            quote(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity", to: &text)
        }
    }

    private func decimal(
        width: Int, _ reader: inout VariantBytes, to text: inout [UInt8]
    ) throws(FileFormatsError) {
        let scale = try reader.number(1)
        guard scale <= DataType.maximumPrecision else { throw Self.corrupt("a decimal has too many digits") }
        let number = try reader.signed(width)
        var digits = Array("\(number.magnitude)".utf8)
        if scale > 0 {
            if digits.count <= scale {
                digits = [UInt8](repeating: UInt8(ascii: "0"), count: scale + 1 - digits.count) + digits
            }
            digits.insert(UInt8(ascii: "."), at: digits.count - scale)
        }
        if number < 0 { text.append(UInt8(ascii: "-")) }
        text += digits
    }

    private func quote(_ plain: String, to text: inout [UInt8]) {
        JSONValue.appendQuoted(plain, to: &text)
    }

    private func string(_ bytes: [UInt8], to text: inout [UInt8]) throws(FileFormatsError) {
        guard let plain = String(validating: bytes, as: UTF8.self) else {
            throw Self.corrupt("a string of it is not UTF-8")
        }
        quote(plain, to: &text)
    }

    private func object(
        _ header: Int, _ reader: inout VariantBytes, to text: inout [UInt8], depth: Int
    ) throws(FileFormatsError) {
        let (offsetWidth, idWidth) = (header & 3 + 1, header >> 2 & 3 + 1)
        let count = try reader.number(header >> 4 & 1 == 1 ? 4 : 1)
        try reader.require(count, idWidth + offsetWidth)
        var ids: [Int] = []
        for _ in 0..<count { ids.append(try reader.number(idWidth)) }
        let offsets = try reader.offsets(count, offsetWidth)
        text.append(UInt8(ascii: "{"))
        for index in 0..<count {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            guard ids[index] < names.count - 1 else { throw Self.corrupt("a member has no name") }
            let name = metadata[(nameStart + names[ids[index]])..<(nameStart + names[ids[index] + 1])]
            try string(Array(name), to: &text)
            text.append(UInt8(ascii: ":"))
            var inner = try reader.at(offsets[index])
            try append(&inner, to: &text, depth: depth + 1)
        }
        text.append(UInt8(ascii: "}"))
    }

    private func array(
        _ header: Int, _ reader: inout VariantBytes, to text: inout [UInt8], depth: Int
    ) throws(FileFormatsError) {
        let width = header & 3 + 1
        let count = try reader.number(header >> 2 & 1 == 1 ? 4 : 1)
        try reader.require(count, width)
        let offsets = try reader.offsets(count, width)
        text.append(UInt8(ascii: "["))
        for index in 0..<count {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            var inner = try reader.at(offsets[index])
            try append(&inner, to: &text, depth: depth + 1)
        }
        text.append(UInt8(ascii: "]"))
    }
}

/// Little-endian numbers out of a variant's bytes.
private struct VariantBytes {
    private let all: [UInt8]
    var position = 0

    init(_ all: [UInt8]) { self.all = all }

    func require(_ count: Int, _ width: Int) throws(FileFormatsError) {
        guard count <= (all.count - position) / width else { throw VariantText.corrupt("it ends early") }
    }

    mutating func bytes(_ count: Int) throws(FileFormatsError) -> [UInt8] {
        guard count <= all.count - position else { throw VariantText.corrupt("it ends early") }
        position += count
        return Array(all[(position - count)..<position])
    }

    /// Unsigned; at most four bytes.
    mutating func number(_ width: Int) throws(FileFormatsError) -> Int {
        guard width <= all.count - position else { throw VariantText.corrupt("it ends early") }
        var number = 0
        for index in 0..<width { number |= Int(all[position + index]) << (8 * index) }
        position += width
        return number
    }

    mutating func signed(_ width: Int) throws(FileFormatsError) -> Int128 {
        let bytes = try bytes(width)
        let start: Int128 = (bytes.last ?? 0) & 0x80 != 0 ? -1 : 0
        return bytes.reversed().reduce(start) { $0 << 8 | Int128($1) }
    }

    /// Where each of `count` values lies, from the end of the offsets on.
    mutating func offsets(_ count: Int, _ width: Int) throws(FileFormatsError) -> [Int] {
        var offsets: [Int] = []
        for _ in 0..<count { offsets.append(try number(width)) }
        _ = try number(width)
        return offsets
    }

    func at(_ offset: Int) throws(FileFormatsError) -> VariantBytes {
        guard offset < all.count - position else { throw VariantText.corrupt("a value lies outside it") }
        var reader = self
        reader.position += offset
        return reader
    }
}

/// Texts of the variant's types that JSON has no form for.
private enum VariantTimes {
    static func width(_ kind: Int) -> Int? {
        switch kind {
        case 11: 4
        case 12, 13, 17, 18, 19: 8
        default: nil
        }
    }

    static func text(_ kind: Int, _ number: Int64) -> String {
        switch kind {
        case 11: CivilDate(daysSinceEpoch: Int(number)).description
        case 17: clock(number, digits: 6)
        case 12, 13: instant(number, digits: 6) + (kind == 12 ? "Z" : "")
        default: instant(number, digits: 9) + (kind == 18 ? "Z" : "")
        }
    }

    private static func instant(_ number: Int64, digits: Int) -> String {
        let day: Int64 = digits == 6 ? 86_400_000_000 : 86_400_000_000_000
        let days = number.floorDivided(by: day)
        return "\(CivilDate(daysSinceEpoch: Int(days)))T" + clock(number &- days &* day, digits: digits)
    }

    private static func clock(_ number: Int64, digits: Int) -> String {
        let unit: Int64 = digits == 6 ? 1_000_000 : 1_000_000_000
        let seconds = number.floorDivided(by: unit)
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = "\(value)"
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let fraction = number &- seconds &* unit
        let whole = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(
            separator: ":")
        return fraction == 0 ? whole : whole + "." + padded(fraction, digits)
    }

    static func uuid(_ bytes: [UInt8]) -> String {
        let text = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }
}
