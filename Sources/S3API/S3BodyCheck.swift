import Buckets
import Octets
import Signing
import Wire

/// Takes a payload out of its framing and computes everything the client said of it.
struct S3BodyCheck {
    private var decoder: AWSChunkedDecoder?
    private var sha256: DigestStream?
    private let sha256Hex: String
    private var md5: DigestStream?
    private let md5Bytes: [UInt8]?
    private var checksums: [S3ChecksumStream]
    private var expected: [(kind: S3Checksum, value: String)]
    private var missing: Int64?

    /// Without `hasChecksums` the headers of checksums are about something else than this body.
    ///
    /// - Errors: `S3-105` for digests that cannot be any, `S3-301` for a streaming form unknown here.
    init(
        _ request: Request, _ authorization: SigV4Authorization?, _ chunks: SigV4ChunkSigner?,
        hasChecksums: Bool
    ) throws(S3Error) {
        sha256Hex = authorization?.payloadHash ?? SigV4Authorization.unsignedPayload
        decoder = chunks.flatMap {
            AWSChunkedDecoder(payloadHash: authorization?.payloadHash ?? "", signer: $0)
        }
        let isHash = sha256Hex.utf8.count == 64 && Hex.decode(sha256Hex) != nil
        guard decoder != nil || isHash || sha256Hex == SigV4Authorization.unsignedPayload else {
            throw S3Error(
                .notImplemented, "this form of payload is not implemented",
                ["x-amz-content-sha256": sha256Hex])
        }
        sha256 = isHash ? DigestStream(.sha256) : nil
        md5Bytes = try request.headers["content-md5"].map { text throws(S3Error) in
            guard let bytes = Base64.decode(text), bytes.count == 16 else {
                throw S3Error(.invalidDigest, "Content-MD5 is not the base64 of 16 bytes", ["value": text])
            }
            return bytes
        }
        md5 = md5Bytes.map { _ in DigestStream(.md5) }
        expected =
            hasChecksums
            ? S3Checksum.allCases.compactMap { kind in request.headers[kind.header].map { (kind, $0) } } : []
        let announced = (request.headers["x-amz-trailer"] ?? "").lowercased().split(separator: ",")
            .compactMap { S3Checksum(header: $0.drop { $0 == " " }) }
        checksums = Set(expected.map(\.kind) + announced).map { S3ChecksumStream($0) }
        missing = S3Body.length(of: request, isChunked: decoder != nil)
    }

    var isFramed: Bool { decoder != nil }

    /// There is nothing to take off and nothing to compute.
    var isEmpty: Bool { decoder == nil && sha256 == nil && md5 == nil && checksums.isEmpty }

    /// The payload in these pieces. - Errors: `SIG-106`, `SIG-107`.
    mutating func take(_ pieces: [[UInt8]]) throws -> [UInt8] {
        var payload: [UInt8] = []
        if decoder == nil, pieces.count == 1 {
            payload = pieces[0]
        } else {
            payload.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
            for piece in pieces {
                if decoder != nil {
                    try decoder?.decode(piece, into: &payload)
                } else {
                    payload += piece
                }
            }
        }
        guard !payload.isEmpty else { return payload }
        sha256?.update(payload)
        md5?.update(payload)
        for index in checksums.indices { checksums[index].update(payload) }
        if let rest = missing { missing = rest - Int64(payload.count) }
        return payload
    }

    /// What held, as headers to keep. - Errors: `SIG-103`, `SIG-107`, `S3-104`, `S3-106`.
    mutating func finish() throws -> [ObjectMetadata.Field] {
        try decoder?.finish()
        if let missing, missing != 0 {
            throw S3Error(
                .incompleteBody, "the body is not as long as the request says", ["missing": missing])
        }
        if let sha256, Hex.encode(sha256.finish()) != sha256Hex.lowercased() {
            throw SigningError(.payloadMismatch, "the body is not the one whose hash was signed")
        }
        if let md5, md5.finish() != md5Bytes {
            throw S3Error(.badDigest, "the body does not have the MD5 the request gives")
        }
        for (name, value) in decoder?.trailers ?? [] {
            if let kind = S3Checksum(header: name) { expected.append((kind, value)) }
        }
        return try checksums.map { checksum in
            let value = checksum.finish()
            guard let wanted = expected.first(where: { $0.kind == checksum.kind })?.value else {
                throw S3Error(
                    .invalidRequest, "the announced trailer is missing", ["trailer": checksum.kind.header])
            }
            guard wanted == value else {
                throw S3Error(
                    .badDigest, "the body does not have the checksum the request gives",
                    ["header": checksum.kind.header, "sent": wanted, "computed": value])
            }
            return ObjectMetadata.Field(checksum.kind.header, value)
        }
    }
}
