import Effects
import Metastore

/// The form of a token in the Metastore.
enum TokenRow {
    static let insert = """
        INSERT INTO tokens (id, name, bearer_hash, sealed_secret, scopes, created_at, expires_at, is_from_setting)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """

    /// - Errors: `IDN-302` for scopes that this build cannot read: never less than was meant, so not skipped.
    static func token(_ row: Row) throws -> Token {
        let id = try row.text("id")
        let scopes: [Scope]
        do {
            scopes = try row.text("scopes").split(separator: "\n").map { try Scope(parsing: String($0)) }
        } catch {
            throw IdentityError(
                .corrupt, "a stored token has scopes that do not parse", ["id": id], cause: error)
        }
        return Token(
            id: id, name: try row.text("name"), scopes: scopes,
            created: Instant(microseconds: try row.integer("created_at")),
            expires: try row.optionalInteger("expires_at").map { Instant(microseconds: $0) })
    }

    static func audit(
        _ transaction: Transaction, _ now: Instant, _ actor: String, _ action: String, _ subject: String
    ) throws {
        try transaction.execute(
            "INSERT INTO audit (at, actor, action, subject) VALUES (?, ?, ?, ?)",
            [.integer(now.microseconds), .text(actor), .text(action), .text(subject)])
    }
}
