import Buckets
import Octets
import Signing
import Wire

/// The payload of a request, freed of its framing and checked against everything the client said of it.
///
/// Nothing of it may be kept before `next` has answered nil: only then are signatures and checksums known to hold.
final class S3Body {
    private let source: RequestBody
    private var decoder: AWSChunkedDecoder?
    private var sha256: DigestStream?
    private let sha256Hex: String
    private var md5: DigestStream?
    private let md5Bytes: [UInt8]?
    private var checksums: [S3ChecksumStream]
    private var expected: [(kind: S3Checksum, value: String)]
    private var missing: Int64?
    private var isDone = false
    /// What was checked, as headers to keep with the object. Complete at the end of the body.
    private(set) var verified: [ObjectMetadata.Field] = []

    /// - Errors: `S3-105` for digests that cannot be any, `S3-301` for a streaming form unknown here.
    init(
        _ request: Request, _ authorization: SigV4Authorization, _ chunks: SigV4ChunkSigner
    ) throws(S3Error) {
        source = request.body
        sha256Hex = authorization.payloadHash
        decoder = AWSChunkedDecoder(payloadHash: sha256Hex, signer: chunks)
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
        expected = S3Checksum.allCases.compactMap { kind in request.headers[kind.header].map { (kind, $0) } }
        let announced = (request.headers["x-amz-trailer"] ?? "").lowercased().split(separator: ",")
            .compactMap { S3Checksum(header: $0.drop { $0 == " " }) }
        checksums = Set(expected.map(\.kind) + announced).map { S3ChecksumStream($0) }
        missing = Self.length(of: request, isChunked: decoder != nil)
    }

    /// What the client says the payload's length is.
    static func length(of request: Request, isChunked: Bool) -> Int64? {
        isChunked
            ? request.headers["x-amz-decoded-content-length"].flatMap { Int64($0) } : request.contentLength
    }

    /// The next piece; nil at the end, when everything has been checked.
    ///
    /// - Errors: `SIG-103`, `SIG-106`, `SIG-107`, `S3-104`, `S3-106`.
    func next() async throws -> [UInt8]? {
        while !isDone {
            guard let raw = try await source.next() else {
                try finish()
                return nil
            }
            var piece = raw
            if var decoder {
                piece = []
                try decoder.decode(raw, into: &piece)
                self.decoder = decoder
            }
            guard !piece.isEmpty else { continue }
            sha256?.update(piece)
            md5?.update(piece)
            for index in checksums.indices { checksums[index].update(piece) }
            if let rest = missing { missing = rest - Int64(piece.count) }
            return piece
        }
        return nil
    }

    private func finish() throws {
        isDone = true
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
        for checksum in checksums {
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
            verified.append(ObjectMetadata.Field(checksum.kind.header, value))
        }
    }

    /// The whole payload. - Errors: as `next`, and `S3-107`.
    func collect(limit: Int) async throws -> [UInt8] {
        var whole: [UInt8] = []
        while let piece = try await next() {
            guard whole.count + piece.count <= limit else {
                throw S3Error(.entityTooLarge, "the body is too large for this request", ["limit": limit])
            }
            whole += piece
        }
        return whole
    }
}
