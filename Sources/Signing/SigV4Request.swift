import Effects
import Octets

/// The parts of an HTTP request that AWS Signature Version 4 covers, as they are on the wire.
package struct SigV4Request: Sendable {
    package var method: String
    /// Still percent-encoded, from the leading slash up to the question mark.
    package var rawPath: String
    /// What follows the question mark, empty when there is none.
    package var rawQuery: String { didSet { parameters = Self.parameters(of: rawQuery) } }
    package var headers: [(name: String, value: String)]
    /// The parameters, decoded, in the order sent; an undecodable one stays raw.
    private(set) var parameters: [(name: String, value: String)]

    package init(
        method: String, rawPath: String, rawQuery: String = "", headers: [(name: String, value: String)]
    ) {
        self.method = method
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.headers = headers
        parameters = Self.parameters(of: rawQuery)
    }

    /// Values of a header in any case, joined by commas as the signature asks; nil when it is not there.
    func header(_ name: String) -> String? {
        let values = headers.filter { ASCIICase.isSame($0.name, name) }.map { Self.collapsed($0.value) }
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    private static func parameters(of query: String) -> [(name: String, value: String)] {
        QueryMembers.split(query).map { (decoded($0.name), decoded($0.value)) }
    }

    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The canonical request of the signature's first step.
    ///
    /// - Source: "Create a signed AWS API request", Amazon IAM User Guide. For S3 the path is encoded once only, so
    ///   what was sent is what was signed.
    func canonical(path: String, signedHeaders: [String], payloadHash: String) -> String {
        let query = parameters.filter { $0.name != "X-Amz-Signature" }
            .map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { left, right in
                left.0 == right.0
                    ? left.1.utf8.lexicographicallyPrecedes(right.1.utf8)
                    : left.0.utf8.lexicographicallyPrecedes(right.0.utf8)
            }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let lines = signedHeaders.map { "\($0):\(header($0) ?? "")\n" }.joined()
        return
            "\(method)\n\(path)\n\(query)\n\(lines)\n\(signedHeaders.joined(separator: ";"))\n\(payloadHash)"
    }

    /// The path as most clients would encode the same key: what was signed when a proxy or an HTTP library in
    /// between has written it another way.
    var reencodedPath: String {
        PercentEncoding.decodeBytes(rawPath).map { PercentEncoding.encode($0, keepsSlashes: true) } ?? rawPath
    }

    /// Trimmed, with inner runs of spaces made one.
    private static func collapsed(_ value: String) -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard value.utf8.contains(where: isBlank) else { return value }
        return value.utf8.split(whereSeparator: isBlank).map { String(Substring($0)) }.joined(separator: " ")
    }

    private static func decoded(_ text: String) -> String {
        let bytes = PercentEncoding.decodeBytes(text, plusIsSpace: true)
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? text
    }
}

/// The day, region and service a signing key is made for.
package struct SigV4Scope: Sendable, Hashable, CustomStringConvertible {
    /// `20130524`
    package var day: String
    package var region: String
    package var service: String

    package var description: String { "\(day)/\(region)/\(service)/aws4_request" }

    func signingKey(secret: String) -> [UInt8] {
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, service, "aws4_request"] { key = HMAC.sha256(key: key, part) }
        return key
    }
}

/// Times in the form of `X-Amz-Date`.
enum SigV4Time {
    /// `20130524T000000Z`
    static func text(_ instant: Instant) -> String {
        let seconds = instant.microseconds.floorDivided(by: 1_000_000)
        let days = seconds.floorDivided(by: 86_400)
        let rest = Int(seconds - days * 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days)).description.replacing("-", with: "")
        return date + "T" + [rest / 3600, rest / 60 % 60, rest % 60].map(twoDigits).joined() + "Z"
    }

    static func parse(_ text: String) -> Instant? {
        let characters = Array(text.utf8)
        guard characters.count == 16, characters[8] == UInt8(ascii: "T"), characters[15] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            characters[range].allSatisfy { (48...57).contains($0) }
                ? characters[range].reduce(0) { $0 * 10 + Int($1 - 48) } : nil
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
            let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
            hour < 24, minute < 60, second < 61
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.isValid else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second
        return Instant(microseconds: Int64(seconds) * 1_000_000)
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
