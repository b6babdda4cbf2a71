/// An address to listen on.
///
///     127.0.0.1:8787   [::1]:0   localhost:9000
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    /// Without brackets.
    package var host: String
    /// Zero takes a free one.
    package var port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Errors: `NOD-101`.
    package init(parsing text: String) throws(NodeError) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { throw Self.malformed(text) }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw Self.malformed(text)
        }
        guard !host.isEmpty else { throw Self.malformed(text) }
        self.init(host: host, port: port)
    }

    private static func malformed(_ text: String) -> NodeError {
        NodeError(
            .invalidSetting, "an address is HOST:PORT", ["address": text],
            hint: "for example 127.0.0.1:8787; ports go up to 65535")
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
