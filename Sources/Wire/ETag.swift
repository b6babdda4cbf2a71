/// ETags on the wire stand in quotes.
package enum ETag {
    package static func quoted(_ etag: String) -> String { "\"\(etag)\"" }

    /// A quoted tag for an answer whose bytes hang on more than what the tag names.
    package static func weak(_ quoted: String) -> String { quoted.hasPrefix("W/") ? quoted : "W/" + quoted }

    package static func plain(_ text: some StringProtocol) -> String {
        var text = Substring(text).drop { $0 == " " }
        while text.last == " " { text = text.dropLast() }
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        return text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : String(text)
    }

    /// Whether a list such as `"a", W/"b"` or `*` names this one.
    package static func matches(_ list: String, _ etag: String) -> Bool {
        plain(list) == "*" || list.split(separator: ",").contains { plain($0) == etag }
    }
}
