package import Effects
import JSONText
import Octets
import Signing

/// S3 keys that live for a while and may do less than the token they come from, signed by it: nothing is stored.
///
///     access key     the parent's
///     secret         hex SHA-256 of the JWT
///     session token  base64 of `jwt/` and the JWT
///
/// The JWT is signed with HS256 under the parent's S3 secret, here or by whoever has that secret. Or the node vends it
/// under a key of its own: then it gives what it says although the parent may have no rights on storage at all, as long
/// as the parent lives.
///
/// - Source: the hosted product's temporary credentials, "local signing".
package struct TemporaryCredential: Sendable {
    package enum Permission: String, Sendable, CaseIterable {
        case adminReadWrite = "admin-read-write"
        case adminReadOnly = "admin-read-only"
        case objectReadWrite = "object-read-write"
        case objectReadOnly = "object-read-only"

        var mayWrite: Bool { self == .adminReadWrite || self == .objectReadWrite }
    }

    /// What a new credential is for.
    package struct Request: Sendable {
        package var bucket: String
        package var permission: Permission
        package var seconds: Int64
        package var prefixes: [String]
        package var objects: [String]
        /// Whose files these are keys for; the node vends none without.
        package var table: Table?

        package init(
            bucket: String, permission: Permission, seconds: Int64, prefixes: [String], objects: [String],
            table: Table? = nil
        ) {
            self.bucket = bucket
            self.permission = permission
            self.seconds = seconds
            self.prefixes = prefixes
            self.objects = objects
            self.table = table
        }
    }

    /// The table that vended keys are for, and die with.
    package struct Table: Sendable, Hashable {
        package var uuid: String
        /// An `s3://` URI without a slash at the end.
        package var location: String
        /// Of a table that is to be created by a commit to come.
        package var isStaged: Bool

        package init(uuid: String, location: String, isStaged: Bool = false) {
            self.uuid = uuid
            self.location = location
            self.isStaged = isStaged
        }
    }

    package static let longestSeconds: Int64 = 604_800
    private static let header = #"{"alg":"HS256","typ":"JWT"}"#
    private static let vendedKeyID = "firn-vended"
    private static let vendedHeader = #"{"alg":"HS256","kid":"firn-vended","typ":"JWT"}"#
    private static let pathsMost = 1000
    private static let tokenBytesMost = 16 << 10

    package let secret: String
    package let sessionToken: String
    package let expires: Instant
    /// The node itself says what it may, not its parent.
    private let isVended: Bool
    private let bucket: String
    private let permission: Permission
    private let prefixes: [String]
    private let objects: [String]
    private let actions: [String]?
    /// Of vended keys: they are good as long as the catalog has it.
    package let table: Table?

    /// Issues one that may do what both it and its parent may.
    package init(_ request: Request, parent: String, parentSecret: String, now: Instant) {
        self.init(request, parent: parent, signedWith: parentSecret, isVended: false, now: now)
    }

    /// Vends one that may do all it says, for a table's files. Whoever asks for it has checked that the parent may
    /// have it.
    package init(_ request: Request, parent: String, vendingSecret: String, now: Instant) {
        precondition(request.table != nil, "vended keys are a table's")
        self.init(request, parent: parent, signedWith: vendingSecret, isVended: true, now: now)
    }

    private init(
        _ request: Request, parent: String, signedWith key: String, isVended: Bool, now: Instant
    ) {
        let start = now.microseconds / 1_000_000
        var claims: JSONObject = [
            "bucket": .string(request.bucket), "scope": .string(request.permission.rawValue),
            "sub": .string(parent), "iat": .integer(start), "exp": .integer(start + request.seconds),
        ]
        if !request.prefixes.isEmpty || !request.objects.isEmpty {
            claims["paths"] = [
                "prefixPaths": JSONValue(request.prefixes), "objectPaths": JSONValue(request.objects),
            ]
        }
        claims["table"] = request.table?.json
        let body = JSONValue.object(claims).serialized()
        let header = isVended ? Self.vendedHeader : Self.header
        let text = Self.url(Array(header.utf8)) + "." + Self.url(body)
        let jwt = text + "." + Self.url(HMAC.sha256(key: Array(key.utf8), text))
        sessionToken = Base64.encode(Array("jwt/\(jwt)".utf8))
        secret = Hex.encode(SHA256.hash(jwt))
        bucket = request.bucket
        permission = request.permission
        prefixes = request.prefixes
        objects = request.objects
        actions = nil
        table = request.table
        expires = Instant(microseconds: (start + request.seconds) * 1_000_000)
        self.isVended = isVended
    }

    /// Reads and verifies one. - Errors: `IDN-101`, the same whatever is wrong with it.
    package init(
        sessionToken: String, parentSecret: String, vendingSecret: String, now: Instant
    ) throws(IdentityError) {
        guard sessionToken.utf8.count <= Self.tokenBytesMost, let bytes = Base64.decode(sessionToken),
            let text = String(validating: bytes, as: UTF8.self), text.hasPrefix("jwt/")
        else { throw Self.invalid }
        let jwt = String(text.dropFirst(4))
        let parts = jwt.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let header = Self.json(parts[0]), header["alg"]?.string == "HS256",
            let claims = Self.json(parts[1])
        else { throw Self.invalid }
        let isVended = header["kid"]?.string == Self.vendedKeyID
        let key = isVended ? vendingSecret : parentSecret
        let expected = Self.url(HMAC.sha256(key: Array(key.utf8), parts[0] + "." + parts[1]))
        let seconds = now.microseconds / 1_000_000
        guard ConstantTime.equal(expected, parts[2]), let expiry = claims["exp"]?.integer, seconds < expiry,
            (claims["nbf"]?.integer).map({ $0 <= seconds }) ?? true,
            let bucket = claims["bucket"]?.string, !bucket.isEmpty,
            let permission = (claims["scope"] ?? claims["permission"])?.string.flatMap({
                Permission(rawValue: $0)
            })
        else { throw Self.invalid }
        expires = Instant(microseconds: expiry.multipliedReportingOverflow(by: 1_000_000).partialValue)
        self.isVended = isVended
        table = isVended ? claims["table"].flatMap { Table(json: $0) } : nil
        guard !isVended || table != nil else { throw Self.invalid }
        let paths = claims["paths"]
        self.sessionToken = sessionToken
        secret = Hex.encode(SHA256.hash(jwt))
        self.bucket = bucket
        self.permission = permission
        prefixes = try Self.texts(paths?["prefixPaths"] ?? claims["prefixes"])
        objects = try Self.texts(paths?["objectPaths"] ?? claims["objects"])
        actions = try claims["actions"].map { value throws(IdentityError) in try Self.texts(value) }
    }

    private static let invalid = IdentityError(
        .unauthenticated, "the session token is not valid or has expired",
        hint: "ask for new temporary credentials")

    private static func texts(_ value: JSONValue?) throws(IdentityError) -> [String] {
        guard let value, !value.isNull else { return [] }
        guard let list = value.array, list.count <= pathsMost else { throw invalid }
        // One that cannot be read would widen what it should narrow.
        return try list.map { entry throws(IdentityError) in
            guard let text = entry.string else { throw invalid }
            return text
        }
    }

    private static func json(_ part: String) -> JSONValue? {
        var text = part.replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let bytes = Base64.decode(text) else { return nil }
        do { return try JSONParser.parse(bytes) } catch { return nil }
    }

    private static func url(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// May do what both the parent and this may; a vended one what it says.
    package func principal(of parent: Principal) -> Principal {
        let right: Identity.Permission = permission.mayWrite ? .storageWrite : .storageRead
        var scopes: [Scope] =
            prefixes.map { Scope(right, [.bucket: bucket, .prefix: $0]) }
            + objects.map { Scope(right, [.bucket: bucket, .object: $0]) }
        if scopes.isEmpty { scopes = [Scope(right, [.bucket: bucket])] }
        if isVended { return Principal(tokenID: parent.tokenID, scopes: scopes) }
        return parent.narrowed(to: scopes, actions: actions.map { Set($0) })
    }
}

extension TemporaryCredential.Table {
    fileprivate var json: JSONValue {
        ["uuid": .string(uuid), "location": .string(location), "staged": .boolean(isStaged)]
    }

    fileprivate init?(json: JSONValue) {
        guard let uuid = json["uuid"]?.string, let location = json["location"]?.string,
            let isStaged = json["staged"]?.boolean
        else { return nil }
        self.init(uuid: uuid, location: location, isStaged: isStaged)
    }
}
