import Octets
import Wire

/// A body of `application/x-www-form-urlencoded`.
struct Form {
    private var members: [String: String] = [:]

    /// - Errors: `CTA-102`.
    init(_ bytes: [UInt8]) throws(CatalogAPIError) {
        for item in bytes.split(separator: UInt8(ascii: "&")) {
            let pair = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = pair.map {
                PercentEncoding.decode(String(decoding: $0, as: UTF8.self).replacing("+", with: "%20"))
            }
            guard let name = texts.first ?? nil, let value = texts.count == 2 ? texts[1] : "" else {
                throw CatalogAPIError(.malformedBody, "the form is not percent-encoded UTF-8")
            }
            members[name] = value
        }
    }

    subscript(name: String) -> String? { members[name] }
}
