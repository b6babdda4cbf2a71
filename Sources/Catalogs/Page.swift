import Foundation

/// Which part of a listing is asked for.
package enum PageRequest: Sendable, Equatable {
    /// Everything in one answer: what a caller gets that does not page.
    case all
    /// At most `size` names after the one the token stands for.
    case part(after: String?, size: Int)
}

/// Some entries of a listing in the byte order of their names.
package struct Page<Entry: Sendable>: Sendable {
    package var entries: [Entry]
    /// Nil at the end. Opaque to callers.
    package var nextToken: String?

    package init(entries: [Entry], nextToken: String?) {
        self.entries = entries
        self.nextToken = nextToken
    }

    /// `found` was asked with one entry more than the page holds, to know whether another page follows.
    package init(_ found: [Entry], for request: PageRequest, key: (Entry) -> String) {
        guard case .part(_, let size) = request, found.count > size, size > 0 else {
            self.init(entries: found, nextToken: nil)
            return
        }
        let entries = Array(found.prefix(size))
        self.init(entries: entries, nextToken: entries.last.map { PageToken.encode(key($0)) })
    }
}

/// The text a caller hands back to continue a listing: the last name in base64, behind the version of this form.
package enum PageToken {
    private static let version = "1."

    static func encode(_ name: String) -> String {
        version + Data(name.utf8).base64EncodedString().replacing("/", with: "_").replacing("+", with: "-")
    }

    package static func decode(_ token: String) throws(CatalogError) -> String {
        let text = token.dropFirst(version.count).replacing("_", with: "/").replacing("-", with: "+")
        guard token.hasPrefix(version), let bytes = Data(base64Encoded: String(text)),
            let name = String(validating: bytes, as: UTF8.self)
        else {
            throw CatalogError(
                .invalidPageToken, "the page token is none of this server's", ["token": token.prefix(100)],
                hint: "use the token of the answer before, or none")
        }
        return name
    }
}
