package import Columnar
import Effects
import Octets

extension PartitionSpec {
    /// `ts_day=2024-01-31/name=Z%C3%BCrich`: the folder of a partition's files. For people; nothing reads it back, so
    /// long values are cut.
    ///
    /// - Shapes: one value and one type a field of the spec.
    package func path(_ values: [Scalar], types: [DataType]) -> String {
        precondition(values.count == fields.count && types.count == fields.count)
        return fields.indices.map { index in
            let text = fields[index].transform.humanText(values[index], types[index])
            return PathText.escaped(fields[index].name) + "=" + PathText.escaped(PathText.shortened(text))
        }.joined(separator: "/")
    }
}

extension Transform {
    /// `2024-01` for a month, `null` for null.
    func humanText(_ value: Scalar, _ type: DataType) -> String {
        switch (self, value) {
        case (_, .null): return "null"
        case (.year, .int(let years)): return "\(1970 + Int(years))"
        case (.month, .int(let months)):
            let year = Int64(months).floorDivided(by: 12)
            return "\(1970 + year)-\(PathText.padded(Int(Int64(months) - year * 12) + 1))"
        case (.day, .int(let days)): return CivilDate(daysSinceEpoch: Int(days)).description
        case (.hour, .int(let hours)):
            let day = Int64(hours).floorDivided(by: 24)
            return "\(CivilDate(daysSinceEpoch: Int(day)))-\(PathText.padded(Int(Int64(hours) - day * 24)))"
        default: return PathText.text(value, type)
        }
    }
}

/// Values as parts of a path.
enum PathText {
    /// More of a value tells a person little more, and a key has 1,024 bytes for everything, three for each escaped one.
    private static let valueBytes = 64

    static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// `nnnnn…-6f3a91c2`: the beginning of a long text, up to a whole code point, and a checksum of all of it: texts with
    /// the same beginning have, as good as always, folders of their own.
    static func shortened(_ text: String) -> String {
        guard text.utf8.count > valueBytes else { return text }
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: valueBytes)
        while utf8[end] & 0xC0 == 0x80 { utf8.formIndex(before: &end) }
        let checksum = CRC32C.checksum(Array(utf8).span)
        let digits = Hex.encode((0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) })
        return String(text.unicodeScalars[..<end]) + "-" + digits
    }

    /// Keeps letters, digits, `-`, `_`, and dots behind a letter or digit; everything else is percent-encoded UTF-8, so
    /// that no value makes a new folder or a `..`, not even for a reader that decodes.
    static func escaped(_ text: String) -> String {
        var result = ""
        var isBehindWord = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
                isBehindWord = true
                continue
            case UInt8(ascii: "-"), UInt8(ascii: "_"): result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where isBehindWord: result += "."
            default: result += "%" + Hex.encode([byte]).uppercased()
            }
            isBehindWord = false
        }
        return result
    }

    static func text(_ value: Scalar, _ type: DataType) -> String {
        switch (type, value) {
        case (.date, .int(let days)): return CivilDate(daysSinceEpoch: Int(days)).description
        case (.time, .long(let time)):
            return String(Instant(microseconds: time).rfc3339.dropFirst(11).dropLast())
        case (.timestamp, .long(let time)): return String(Instant(microseconds: time).rfc3339.dropLast())
        case (.timestamptz, .long(let time)): return Instant(microseconds: time).rfc3339
        case (.decimal(_, let scale), .long(let number)): return decimal(Int128(number), scale)
        case (.decimal(_, let scale), .int128(let number)): return decimal(number, scale)
        case (.uuid, .bytes(let bytes)): return UniqueID(Hex.encode(bytes))?.description ?? Hex.encode(bytes)
        case (_, .boolean(let flag)): return "\(flag)"
        case (_, .int(let number)): return "\(number)"
        case (_, .long(let number)): return "\(number)"
        case (_, .float(let number)): return "\(number)"
        case (_, .double(let number)): return "\(number)"
        case (_, .string(let text)): return text
        case (_, .bytes(let bytes)): return Base64.encode(bytes)
        default: return "\(value)"
        }
    }

    private static func decimal(_ unscaled: Int128, _ scale: Int) -> String {
        if scale == 0 { return "\(unscaled)" }
        let digits = "\(unscaled.magnitude)"
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (unscaled < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}
