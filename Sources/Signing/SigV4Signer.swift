package import Effects
import Octets

/// Signs requests with AWS Signature Version 4; the counterpart of `SigV4Authorization`.
package struct SigV4Signer: Sendable {
    package var accessKey: String
    private let secret: String
    package var region: String
    package var service: String
    /// Sent along with temporary credentials.
    package var sessionToken: String?

    package init(
        accessKey: String, secret: String, region: String = "auto", service: String = "s3",
        sessionToken: String? = nil
    ) {
        self.accessKey = accessKey
        self.secret = secret
        self.region = region
        self.service = service
        self.sessionToken = sessionToken
    }

    /// The request with `Authorization` and the headers it needs. Every header present is signed, so `Host` must be
    /// there already. `payloadHash` is hex SHA-256 of the body or `UNSIGNED-PAYLOAD`.
    package func signed(_ request: SigV4Request, payloadHash: String, now: Instant) -> SigV4Request {
        sign(request, payloadHash: payloadHash, now: now).request
    }

    /// As `signed`, and what signs the chunks of a streaming body.
    package func sign(
        _ request: SigV4Request, payloadHash: String, now: Instant
    ) -> (request: SigV4Request, chunks: SigV4ChunkSigner) {
        precondition(request.header("host") != nil, "a request is signed with its host")
        let timestamp = SigV4Time.text(now)
        let scope = SigV4Scope(day: String(timestamp.prefix(8)), region: region, service: service)
        var request = request
        request.headers.append(("x-amz-date", timestamp))
        request.headers.append(("x-amz-content-sha256", payloadHash))
        if let sessionToken { request.headers.append(("x-amz-security-token", sessionToken)) }
        let names = Set(request.headers.map { $0.name.lowercased() }).sorted()
        let canonical = request.canonical(
            path: request.rawPath, signedHeaders: names, payloadHash: payloadHash)
        let key = scope.signingKey(secret: secret)
        let signature = SigV4Authorization.signature(
            key: key, timestamp: timestamp, scope: scope, canonical: canonical)
        request.headers.append(
            (
                "authorization",
                "\(SigV4Authorization.algorithm) Credential=\(accessKey)/\(scope), "
                    + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
            ))
        return (request, SigV4ChunkSigner(key: key, timestamp: timestamp, scope: scope, seed: signature))
    }

    /// The request with a query that alone carries the signature; only the host header is signed.
    package func presigned(_ request: SigV4Request, expiresSeconds: Int64, now: Instant) -> SigV4Request {
        let timestamp = SigV4Time.text(now)
        let scope = SigV4Scope(day: String(timestamp.prefix(8)), region: region, service: service)
        var request = request
        var added = [
            ("X-Amz-Algorithm", SigV4Authorization.algorithm), ("X-Amz-Credential", "\(accessKey)/\(scope)"),
            ("X-Amz-Date", timestamp), ("X-Amz-Expires", "\(expiresSeconds)"),
            ("X-Amz-SignedHeaders", "host"),
        ]
        if let sessionToken { added.append(("X-Amz-Security-Token", sessionToken)) }
        var pairs = request.rawQuery.isEmpty ? [] : [request.rawQuery]
        pairs += added.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }
        request.rawQuery = pairs.joined(separator: "&")
        let canonical = request.canonical(
            path: request.rawPath, signedHeaders: ["host"], payloadHash: SigV4Authorization.unsignedPayload)
        let signature = SigV4Authorization.signature(
            key: scope.signingKey(secret: secret), timestamp: timestamp, scope: scope, canonical: canonical)
        request.rawQuery += "&X-Amz-Signature=\(signature)"
        return request
    }
}
