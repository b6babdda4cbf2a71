package import Effects
import Faults
package import Metastore
import Octets
package import Signing
import Synchronization

/// Keeps tokens and knows who shows one.
///
/// One token serves both ways: its value is a bearer, its id and the hex SHA-256 of its value are an S3 key pair.
///
/// - Errors: `IdentityError`, and the Metastore's.
/// - Cost: a keyed hash a request; a read of the Metastore for a token not among the last ones seen.
package final class TokenStore: Sendable {
    /// The longest name, and the most scopes, of one token.
    package static let nameLimit = 256
    package static let scopeLimit = 64
    package static let listLimit = 10_000

    private let metastore: Metastore
    private let keyFile: KeyFile
    private let clock: any Clock
    private let randomness: any Randomness
    private let cache = TokenCache(limit: 4096)
    /// What of the audit log was seen last: its highest number, and how many rows there were shortly before it.
    private let seen = Mutex<(last: Int64, count: Int64)>((0, -1))

    package init(metastore: Metastore, keyFile: KeyFile, clock: any Clock, randomness: any Randomness) {
        self.metastore = metastore
        self.keyFile = keyFile
        self.clock = clock
        self.randomness = randomness
    }

    /// - Errors: `IDN-101`, the same for a token that is wrong, deleted or expired.
    package func verify(bearer value: String) async throws -> Principal {
        let hash = keyFile.bearerHash(value)
        let known = try await find(.bearer(hash)) {
            try $0.query("SELECT * FROM tokens WHERE bearer_hash = ?", [.blob(hash)])
        }
        guard let known else { throw Self.unknown }
        return known.token.principal
    }

    /// The secret that goes with an access key, to verify a signature with.
    ///
    /// - Errors: `IDN-101`; the caller must answer the same as for a wrong signature.
    package func s3Secret(accessKey: String) async throws -> (secret: String, principal: Principal) {
        let known = try await find(.accessKey(accessKey)) {
            try $0.query("SELECT * FROM tokens WHERE id = ?", [.text(accessKey)])
        }
        guard let known else { throw Self.unknown }
        return (known.secret, known.token.principal)
    }

    /// Temporary S3 keys that come from this token. - Errors: `IDN-101` for an unknown parent.
    package func temporaryCredential(
        _ request: TemporaryCredential.Request, parent: String
    ) async throws -> TemporaryCredential {
        let known = try await s3Secret(accessKey: parent)
        return TemporaryCredential(request, parent: parent, parentSecret: known.secret, now: clock.now)
    }

    /// S3 keys for what the catalog lets a token do, which may have no rights on storage itself. They die with the token.
    package func vendedCredential(
        _ request: TemporaryCredential.Request, to parent: String
    ) -> TemporaryCredential {
        TemporaryCredential(request, parent: parent, vendingSecret: vendingSecret, now: clock.now)
    }

    package var vendingSecret: String { Hex.encode(key(for: "vended credentials 1")) }

    /// A key of this node for one purpose, the same after a restart.
    package func key(for purpose: StaticString) -> [UInt8] { keyFile.key(for: purpose) }

    private static let unknown = IdentityError(
        .unauthenticated, "the token is unknown or expired",
        hint: "send a valid token as `Authorization: Bearer VALUE`")

    /// Rows of the audit log before the last one that may still come: numbers are given before they are committed.
    private static let lateRows: Int64 = 1000

    /// Forgets what is remembered of tokens when another node has made or deleted one. While the database cannot be
    /// asked, what is known stays.
    package func noticeChanges() async throws {
        let last = seen.withLock { $0.last }
        let row = try await metastore.read {
            try $0.first(
                "SELECT count(*) AS count, coalesce(max(number), 0) AS last FROM audit WHERE number > ?",
                [.integer(max(0, last - Self.lateRows))])
        }
        guard let row else { return }
        let found = (last: try row.integer("last"), count: try row.integer("count"))
        let isNew = seen.withLock { seen in
            // Only counts from the same place compare.
            defer { seen = found.last == seen.last ? found : (found.last, -1) }
            return found != seen
        }
        if isNew { cache.removeAll() }
    }

    private func find(
        _ key: TokenCache.Key, read: @escaping @Sendable (Transaction) throws -> [Row]
    ) async throws -> TokenCache.Entry? {
        let now = clock.now
        if let known = cache[key] { return known.token.isExpired(at: now) ? nil : known }
        let generation = cache.generation
        guard let row = try await metastore.read({ try read($0).first }) else { return nil }
        let token = try TokenRow.token(row)
        let secret = try keyFile.open(try row.blob("sealed_secret"), context: token.id)
        let entry = TokenCache.Entry(token: token, secret: String(decoding: secret, as: UTF8.self))
        guard !token.isExpired(at: now) else { return nil }
        cache.insert(entry, for: key, ifStill: generation)
        return entry
    }

    /// - Errors: `IDN-202` for a bad name or expiry, or no scopes.
    package func create(
        name: String, scopes: [Scope], expires: Instant?, by actor: String
    ) async throws -> IssuedToken {
        try check(name: name, scopes: scopes, expires: expires)
        let id = UniqueID.random(from: randomness).hexDigits
        let issued = IssuedToken(
            token: Token(id: id, name: name, scopes: scopes, created: clock.now, expires: expires),
            value: Hex.encode(randomness.bytes(32)))
        try await insert(issued, by: actor)
        return issued
    }

    private func check(name: String, scopes: [Scope], expires: Instant?) throws(IdentityError) {
        guard !name.isEmpty, name.utf8.count <= Self.nameLimit else {
            throw IdentityError(.invalidToken, "a token's name has 1 to \(Self.nameLimit) bytes")
        }
        guard !scopes.isEmpty, scopes.count <= Self.scopeLimit else {
            throw IdentityError(
                .invalidToken, "a token has 1 to \(Self.scopeLimit) scopes", ["scopes": scopes.count])
        }
        for scope in scopes { try scope.checkLimits() }
        if let expires, expires <= clock.now {
            throw IdentityError(.invalidToken, "the expiry lies in the past", ["expires": expires.rfc3339])
        }
    }

    private func insert(_ issued: IssuedToken, by actor: String) async throws {
        let statement = self.statement(for: issued)
        let now = clock.now
        try await metastore.write { transaction in
            try transaction.execute(TokenRow.insert, statement)
            try TokenRow.audit(transaction, now, actor, "token.create", issued.token.id)
        }
    }

    private func statement(for issued: IssuedToken, isFromSetting: Bool = false) -> [SQLValue] {
        let secret = Hex.encode(SHA256.hash(issued.value))
        let token = issued.token
        return [
            .text(token.id), .text(token.name), .blob(keyFile.bearerHash(issued.value)),
            .blob(keyFile.seal(Array(secret.utf8), context: token.id, randomness: randomness)),
            .text(token.scopes.map(\.description).joined(separator: "\n")),
            .integer(token.created.microseconds),
            SQLValue(token.expires?.microseconds), .integer(isFromSetting ? 1 : 0),
        ]
    }

    /// In order of creation.
    package func list() async throws -> [Token] {
        try await metastore.read {
            try $0.query(
                "SELECT * FROM tokens ORDER BY created_at, id LIMIT ?", [.integer(Int64(Self.listLimit))])
        }.map(TokenRow.token)
    }

    /// - Errors: `IDN-203`.
    package func get(_ id: String) async throws -> Token {
        let rows = try await metastore.read { try $0.query("SELECT * FROM tokens WHERE id = ?", [.text(id)]) }
        guard let row = rows.first else { throw Self.noSuchToken(id) }
        return try TokenRow.token(row)
    }

    /// - Errors: `IDN-203`; `IDN-204` when nobody could administer any more.
    package func delete(_ id: String, by actor: String) async throws {
        let now = clock.now
        try await metastore.write { transaction in
            let tokens = try transaction.query("SELECT * FROM tokens").map(TokenRow.token)
            guard tokens.contains(where: { $0.id == id }) else { throw Self.noSuchToken(id) }
            let others = tokens.filter { $0.id != id && !$0.isExpired(at: now) }
            guard others.contains(where: { $0.principal.allows(.admin, on: .account) }) else {
                throw IdentityError(
                    .lastAdministrator, "this is the last token that may administer", ["id": id],
                    hint: "create another token with the scope `admin` first")
            }
            try transaction.execute("DELETE FROM tokens WHERE id = ?", [.text(id)])
            try TokenRow.audit(transaction, now, actor, "token.delete", id)
        }
        cache.removeAll()
    }

    private static func noSuchToken(_ id: String) -> IdentityError {
        IdentityError(.noSuchToken, "no such token", ["id": id])
    }

    /// Makes sure somebody can administer: the preset token, the one of `file`, or a new one written there.
    ///
    /// - A preset (`id:value`) takes the place of the one before it at every start.
    /// - Returns: the ids of presets that are no tokens any more.
    /// - Errors: `IDN-202` for a malformed preset, `IDN-301` when the file cannot be read or written.
    /// - Threads: blocks on the small file; call it at start-up.
    @discardableResult
    package func ensureAdministrator(file: AdminTokenFile, preset: String?) async throws -> [String] {
        if let preset { return try await store(preset: try AdminTokenFile.parse(preset: preset)) }
        // The file is written before the row: a crash between them is healed here at the next start.
        let isEmpty = try await metastore.read { try $0.query("SELECT 1 AS one FROM tokens LIMIT 1").isEmpty }
        guard isEmpty else { return [] }
        if let found = try file.read() {
            try await insert(administrator(found), by: "start")
            return []
        }
        let made = (id: UniqueID.random(from: randomness).hexDigits, value: Hex.encode(randomness.bytes(32)))
        try file.write(id: made.id, value: made.value)
        try await insert(administrator(made), by: "start")
        return []
    }

    private func administrator(_ admin: (id: String, value: String)) -> IssuedToken {
        let token = Token(
            id: admin.id, name: "administrator", scopes: [Scope(.admin)], created: clock.now, expires: nil)
        return IssuedToken(token: token, value: admin.value)
    }

    private func store(preset: (id: String, value: String)) async throws -> [String] {
        let statement = self.statement(for: administrator(preset), isFromSetting: true)
        let now = clock.now
        let replaced = try await metastore.write { transaction in
            let replaced = try transaction.query(
                "SELECT id FROM tokens WHERE is_from_setting = 1 AND id <> ? ORDER BY id", [.text(preset.id)]
            ).map { try $0.text("id") }
            try transaction.execute(
                "DELETE FROM tokens WHERE is_from_setting = 1 OR id = ? OR bearer_hash = ?",
                [statement[0], statement[2]])
            for id in replaced { try TokenRow.audit(transaction, now, "start", "token.delete", id) }
            try transaction.execute(TokenRow.insert, statement)
            try TokenRow.audit(transaction, now, "start", "token.create", preset.id)
            return replaced
        }
        cache.removeAll()
        return replaced
    }
}
