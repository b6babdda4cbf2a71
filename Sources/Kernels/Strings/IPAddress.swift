/// An internet address of either family.
///
/// - Source: RFC 4291 and RFC 5952 for IPv6's texts; four decimal numbers without leading zeros for IPv4.
struct IPAddress: Equatable, CustomStringConvertible {
    let isV4: Bool
    /// Four or sixteen.
    let bytes: [UInt8]

    init?(_ text: String) {
        if let bytes = Self.v4(Substring(text)) {
            isV4 = true
            self.bytes = bytes
        } else if let bytes = Self.v6(text) {
            isV4 = false
            self.bytes = bytes
        } else {
            return nil
        }
    }

    private init(isV4: Bool, bytes: [UInt8]) {
        self.isV4 = isV4
        self.bytes = bytes
    }

    private static func v4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard !part.isEmpty, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                part == "0" || !part.hasPrefix("0"), let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func v6(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, text.contains(":") else { return nil }
        let gap = text.firstRange(of: "::")
        guard let gap else {
            let bytes = groups(Substring(text))
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    /// Groups of up to four digits; the last two may be an IPv4 address.
    private static func groups(_ text: Substring) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, let last = v4(part) {
                bytes += last
                continue
            }
            guard !part.isEmpty, part.utf8.count <= 4, part.utf8.allSatisfy(isHex),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 255)]
        }
        return bytes.count <= 16 ? bytes : nil
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        byte >= 0x30 && byte <= 0x39 || (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66
    }

    /// With only the first bits kept, the others zero.
    func truncated(to bits: Int) -> IPAddress {
        let kept = bytes.enumerated().map { index, byte in
            let left = min(8, max(0, bits - index * 8))
            return left == 0 ? 0 : byte & ~UInt8(truncatingIfNeeded: 0xFF >> left)
        }
        return IPAddress(isV4: isV4, bytes: kept)
    }

    var description: String {
        if isV4 { return bytes.map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        // The longest run of zeros, of two at least, is left out; the first of equals.
        var best = 0..<0
        var start = 0
        for place in 0...8 where place == 8 || groups[place] != 0 {
            if place - start > max(1, best.count) { best = start..<place }
            start = place + 1
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        if best.isEmpty { return text(groups[...]) }
        return text(groups[..<best.lowerBound]) + "::" + text(groups[best.upperBound...])
    }
}

/// `10.0.0.0/8`: addresses that share their first bits; an address alone has all.
struct IPNetwork {
    private let address: IPAddress
    private let bits: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let most = address.isV4 ? 32 : 128
        guard parts.count == 2 else {
            (self.address, bits) = (address, most)
            return
        }
        guard parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let bits = Int(parts[1]), bits <= most
        else { return nil }
        (self.address, self.bits) = (address.truncated(to: bits), bits)
    }

    func contains(_ other: IPAddress) -> Bool {
        other.isV4 == address.isV4 && other.truncated(to: bits) == address
    }
}
