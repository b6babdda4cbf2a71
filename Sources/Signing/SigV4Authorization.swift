package import Effects
import Octets

/// What a request says of its own signature, from the `Authorization` header or the query of a presigned address.
///
///     Authorization: AWS4-HMAC-SHA256 Credential=KEY/20130524/auto/s3/aws4_request, SignedHeaders=host;…, Signature=…
package struct SigV4Authorization: Sendable {
    package private(set) var accessKey: String
    package private(set) var scope: SigV4Scope
    package private(set) var isPresigned: Bool
    /// `X-Amz-Security-Token`, with temporary credentials.
    package private(set) var sessionToken: String?
    /// Hex SHA-256 of the body, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-…` words.
    package private(set) var payloadHash: String
    private var timestamp: String
    private var signedHeaders: [String]
    private var signature: String
    private var expiresSeconds: Int64?

    package static let algorithm = "AWS4-HMAC-SHA256"
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// How far a client's clock may be off, as Amazon allows.
    static let skewSeconds: Int64 = 15 * 60
    /// Seven days, the longest a presigned address may live.
    static let longestExpirySeconds: Int64 = 604_800

    /// - Errors: `SIG-101` when the request is not signed at all, `SIG-102` when the signature cannot be read.
    package init(reading request: SigV4Request) throws(SigningError) {
        if let text = request.header("authorization") {
            try self.init(header: text, of: request)
        } else if request.parameter("X-Amz-Algorithm") != nil {
            try self.init(queryOf: request)
        } else {
            throw SigningError(.missing, "the request is not signed")
        }
        guard signedHeaders.contains("host") else {
            throw SigningError(.malformed, "the host header is not signed")
        }
        for (name, _) in request.headers {
            let name = name.lowercased()
            guard !name.hasPrefix("x-amz-") || signedHeaders.contains(name) else {
                throw SigningError(.malformed, "a header that must be signed is not", ["header": name])
            }
        }
    }

    private init(header text: String, of request: SigV4Request) throws(SigningError) {
        guard text.hasPrefix(Self.algorithm + " ") else {
            throw SigningError(
                .malformed, "the authorization is not of a kind we accept", hint: "use AWS4-HMAC-SHA256")
        }
        var parts: [Substring: String] = [:]
        for part in text.dropFirst(Self.algorithm.count + 1).split(separator: ",") {
            let pair = part.trimmingSpaces.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { parts[pair[0]] = String(pair[1]) }
        }
        guard let credential = parts["Credential"], let headers = parts["SignedHeaders"],
            let signature = parts["Signature"]
        else {
            throw SigningError(.malformed, "the authorization lacks Credential, SignedHeaders or Signature")
        }
        guard let timestamp = Self.timestamp(of: request) else {
            throw SigningError(.malformed, "the header x-amz-date is missing")
        }
        guard let payloadHash = request.header("x-amz-content-sha256") else {
            throw SigningError(.malformed, "the header x-amz-content-sha256 is missing")
        }
        (accessKey, scope) = try Self.split(credential: credential)
        isPresigned = false
        sessionToken = request.header("x-amz-security-token")
        self.payloadHash = payloadHash
        self.timestamp = timestamp
        signedHeaders = headers.split(separator: ";").map(String.init)
        self.signature = signature
    }

    private init(queryOf request: SigV4Request) throws(SigningError) {
        guard request.parameter("X-Amz-Algorithm") == Self.algorithm else {
            throw SigningError(.malformed, "X-Amz-Algorithm is not AWS4-HMAC-SHA256")
        }
        guard let credential = request.parameter("X-Amz-Credential"),
            let timestamp = request.parameter("X-Amz-Date"),
            let headers = request.parameter("X-Amz-SignedHeaders"),
            let signature = request.parameter("X-Amz-Signature"),
            let expires = request.parameter("X-Amz-Expires")
        else { throw SigningError(.malformed, "the presigned address lacks one of its X-Amz- parameters") }
        guard let seconds = Int64(expires), (1...Self.longestExpirySeconds).contains(seconds) else {
            throw SigningError(.malformed, "X-Amz-Expires is not between 1 and 604800", ["value": expires])
        }
        (accessKey, scope) = try Self.split(credential: credential)
        isPresigned = true
        sessionToken = request.parameter("X-Amz-Security-Token")
        payloadHash =
            request.parameter("X-Amz-Content-Sha256") ?? request.header("x-amz-content-sha256")
            ?? Self.unsignedPayload
        self.timestamp = timestamp
        signedHeaders = headers.split(separator: ";").map(String.init)
        self.signature = signature
        expiresSeconds = seconds
    }

    /// `Date` stands in where `x-amz-date` is missing, in the one form or the other.
    ///
    /// - Source: "Authenticating requests: using the Authorization header", Amazon S3 API Reference.
    private static func timestamp(of request: SigV4Request) -> String? {
        if let own = request.header("x-amz-date") { return own }
        return request.header("date").map { date in HTTPDate.parse(date).map(SigV4Time.text) ?? date }
    }

    /// Access keys hold no slash; regions and services neither.
    private static func split(credential: String) throws(SigningError) -> (String, SigV4Scope) {
        let parts = credential.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[4] == "aws4_request", !parts[0].isEmpty else {
            throw SigningError(
                .malformed, "the credential is not KEY/DATE/REGION/SERVICE/aws4_request",
                ["credential": credential])
        }
        return (parts[0], SigV4Scope(day: parts[1], region: parts[2], service: parts[3]))
    }

    /// Checks time and signature; answers what the chunks of a streaming body are checked with.
    ///
    /// - Errors: `SIG-102`, `SIG-103`, `SIG-104`, `SIG-105`.
    package func verify(
        _ request: SigV4Request, secret: String, now: Instant, keys: SigningKeys = SigningKeys()
    ) throws(SigningError) -> SigV4ChunkSigner {
        try checkTime(now)
        let known = keys[secret, scope]
        let key = known ?? scope.signingKey(secret: secret)
        var paths = [request.rawPath]
        if request.reencodedPath != request.rawPath { paths.append(request.reencodedPath) }
        for path in paths {
            let canonical = request.canonical(
                path: path, signedHeaders: signedHeaders, payloadHash: payloadHash)
            let expected = Self.signature(key: key, timestamp: timestamp, scope: scope, canonical: canonical)
            if ConstantTime.equal(expected, signature) {
                if known == nil { keys.keep(key, secret, scope) }
                return SigV4ChunkSigner(key: key, timestamp: timestamp, scope: scope, seed: expected)
            }
        }
        throw SigningError(
            .mismatch, "the signature is not the one computed for this request", ["access key": accessKey],
            hint: "check the secret, and that nothing between client and server changes the request")
    }

    private func checkTime(_ now: Instant) throws(SigningError) {
        guard let signed = SigV4Time.parse(timestamp), timestamp.hasPrefix(scope.day) else {
            throw SigningError(.malformed, "the date of the signature cannot be read", ["date": timestamp])
        }
        let age = (now.microseconds - signed.microseconds) / 1_000_000
        if let expiresSeconds {
            guard age <= expiresSeconds else {
                throw SigningError(.expired, "the presigned address has expired", ["signed": timestamp])
            }
            guard age >= -Self.skewSeconds else {
                throw SigningError(.skewed, "the address was signed in the future", ["signed": timestamp])
            }
        } else {
            guard abs(age) <= Self.skewSeconds else {
                throw SigningError(
                    .skewed, "the time of the request is too far from the server's",
                    ["signed": timestamp, "server": SigV4Time.text(now)], hint: "set the client's clock")
            }
        }
    }

    static func signature(key: [UInt8], timestamp: String, scope: SigV4Scope, canonical: String) -> String {
        let text = "\(algorithm)\n\(timestamp)\n\(scope)\n\(Hex.encode(SHA256.hash(canonical)))"
        return Hex.encode(HMAC.sha256(key: key, text))
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        drop { $0 == " " }
    }
}
