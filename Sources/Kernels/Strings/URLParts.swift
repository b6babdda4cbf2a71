/// A URL's parts as slices of its text.
///
///     https://user@host:8080/path?query#fragment
///
/// - Source: RFC 3986, appendix B.
struct URLParts {
    let scheme: ArraySlice<UInt8>
    private(set) var host: ArraySlice<UInt8>?
    private(set) var port: ArraySlice<UInt8>?
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>?
    let fragment: ArraySlice<UInt8>?

    /// Nil for a text without a scheme.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            rest[..<colon].allSatisfy(Self.isSchemePart), Self.isLetter(rest[0])
        else { return nil }
        scheme = rest[..<colon]
        rest = rest[(colon + 1)...]
        fragment = Self.cut(&rest, at: UInt8(ascii: "#"))
        query = Self.cut(&rest, at: UInt8(ascii: "?"))
        guard rest.starts(with: Array("//".utf8)) else {
            path = rest
            return
        }
        rest = rest.dropFirst(2)
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        path = rest[slash...]
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
        // The colons of an IPv6 address stand in brackets.
        let afterBracket = authority.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        if let colon = authority[afterBracket...].firstIndex(of: UInt8(ascii: ":")) {
            if colon + 1 < authority.endIndex { port = authority[(colon + 1)...] }
            authority = authority[..<colon]
        }
        if authority.first == UInt8(ascii: "["), authority.last == UInt8(ascii: "]") {
            authority = authority.dropFirst().dropLast()
        }
        host = authority.isEmpty ? nil : authority
    }

    /// What stands behind the sign, which is cut off with it.
    private static func cut(_ rest: inout ArraySlice<UInt8>, at sign: UInt8) -> ArraySlice<UInt8>? {
        guard let place = rest.firstIndex(of: sign) else { return nil }
        defer { rest = rest[..<place] }
        return rest[(place + 1)...]
    }

    /// The first value of a parameter of the query, decoded.
    func parameter(_ name: [UInt8]) -> [UInt8]? {
        guard let query else { return nil }
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard Self.decoded(pair[..<equals]) == name else { continue }
            let value = Self.decoded(equals == pair.endIndex ? [] : pair[(equals + 1)...])
            return String(validating: value, as: UTF8.self) == nil ? nil : value
        }
        return nil
    }

    /// As forms are encoded: a plus is a space; a percent sign without two digits stays.
    static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "%"), place + 2 < bytes.endIndex, let high = digit(bytes[place + 1]),
                let low = digit(bytes[place + 2])
            {
                result.append(high << 4 | low)
                place += 3
                continue
            }
            result.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            place += 1
        }
        return result
    }

    /// Everything but letters, digits and `-_.~` as percent signs and digits.
    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in bytes {
            if isLetter(byte) || isDigit(byte) || "-_.~".utf8.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private static func isSchemePart(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || "+-.".utf8.contains(byte)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? lower - UInt8(ascii: "a") + 10 : nil
    }
}
