import Octets

/// The address of a request to the S3 endpoint, read the way the endpoint itself reads it.
///
///     http://127.0.0.1:9000/lake/web/a%20b?partNumber=1&uploadId=x
///     https://lake.s3.example.org/web/a
struct StorageAddress {
    /// `127.0.0.1:9000`, as the Host header has it.
    let host: String
    private let scheme: String
    let bucket: String
    /// Empty for the bucket itself.
    let key: String
    /// Still encoded, from the slash to the question mark.
    let rawPath: String
    let rawQuery: String
    let query: [String: String]

    /// - Errors: `CTA-101` for what is no plain address, or one with a parameter twice; `CTA-106` for another server.
    init(_ text: String, endpoint: String) throws(CatalogAPIError) {
        guard
            text.utf8.allSatisfy({
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\")
            })
        else {
            throw Self.malformed(
                "it holds spaces, fragments or other characters that should be encoded", text)
        }
        let (scheme, authority, rest) = try Self.split(text)
        let own = try Self.split(endpoint)
        let expected = Self.plain(own.authority, own.scheme)
        let found = Self.plain(authority, scheme)
        let isVirtual = found.hasSuffix("." + expected)
        guard scheme == own.scheme, isVirtual || found == expected else {
            throw CatalogAPIError(
                .signingRefused, "requests to another server than the table's are not signed", ["uri": text],
                hint: "the table's files lie behind \(endpoint)")
        }
        host = authority
        self.scheme = scheme
        let mark = rest.firstIndex(of: "?")
        let path = String(rest[..<(mark ?? rest.endIndex)])
        rawPath = path.isEmpty ? "/" : path
        rawQuery = mark.map { String(rest[rest.index(after: $0)...]) } ?? ""
        guard rawPath.hasPrefix("/") else { throw Self.malformed("its path begins with no slash", text) }
        var parts = rawPath.dropFirst()[...]
        let name: Substring
        if isVirtual {
            name = found.dropLast(expected.utf8.count + 1)
        } else {
            let end = parts.firstIndex(of: "/") ?? parts.endIndex
            name = parts[..<end]
            parts = end < parts.endIndex ? parts[parts.index(after: end)...] : ""
        }
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isBucketByte), let key = PercentEncoding.decode(parts)
        else { throw Self.malformed("it names no bucket, or its key is not percent-encoded UTF-8", text) }
        bucket = String(name)
        self.key = key
        query = try Self.parameters(rawQuery, text)
    }

    private static func split(
        _ text: String
    ) throws(CatalogAPIError) -> (scheme: String, authority: String, rest: Substring) {
        guard let mark = text.firstRange(of: "://") else { throw malformed("it has no scheme", text) }
        let behind = text[mark.upperBound...]
        let end = behind.firstIndex { $0 == "/" || $0 == "?" } ?? behind.endIndex
        let authority = behind[..<end]
        guard !authority.isEmpty, !authority.contains("@") else {
            throw malformed("it has no plain host", text)
        }
        return (text[..<mark.lowerBound].lowercased(), authority.lowercased(), behind[end...])
    }

    /// Whether a Host header means the server of the address.
    func isHost(_ header: String) -> Bool {
        Self.plain(header.lowercased(), scheme) == Self.plain(host, scheme)
    }

    /// Without the port that the scheme means anyway.
    private static func plain(_ authority: String, _ scheme: String) -> String {
        let port = scheme == "https" ? ":443" : ":80"
        return authority.hasSuffix(port) ? String(authority.dropLast(port.utf8.count)) : authority
    }

    /// Nothing that a second decoding could turn into something else.
    private static func isBucketByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func parameters(_ query: String, _ text: String) throws(CatalogAPIError) -> [String:
        String]
    {
        var found: [String: String] = [:]
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0]),
                let value = PercentEncoding.decode(pair.count == 2 ? pair[1].replacing("+", with: "%20") : "")
            else { throw malformed("its query is not percent-encoded UTF-8", text) }
            guard found.updateValue(value, forKey: name) == nil else {
                throw malformed("it has a parameter twice", text)
            }
        }
        return found
    }

    private static func malformed(_ summary: String, _ text: String) -> CatalogAPIError {
        CatalogAPIError(
            .malformedParameter, "the address to sign is none of an object: \(summary)", ["uri": text])
    }
}
