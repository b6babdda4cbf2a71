/// Where a PostgreSQL database is: `postgres://user:password@host:port/database?sslmode=verify-full`.
///
/// libpq reads it: everything its documentation says under "Connection URIs" may stand in it, TLS too.
package struct PostgresAddress: Sendable, CustomStringConvertible {
    /// Holds the password; for libpq only.
    let url: String

    /// Nil when the text is no such URI.
    package init?(_ text: String) {
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://"), !text.utf8.contains(0) else {
            return nil
        }
        url = text
    }

    /// The address without its password and without parameters, which may hold one too.
    package var description: String {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let start = url.firstRange(of: "://")?.upperBound ?? url.startIndex
        let rest = parts[0][start...]
        guard let at = rest.lastIndex(of: "@") else {
            // A password with a question mark in it is wrong here, and stays hidden all the same.
            return url.contains("@") ? url[..<start] + "(hidden)" : String(parts[0])
        }
        let user = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return String(url[..<start] + user + rest[at...])
    }
}
