import Blobs
import Buckets
import Identity
import Signing
import Wire

extension S3Call {
    /// The largest object of a single request, and the largest part, as in S3.
    static let putBytes: Int64 = 5 << 30
    /// All user metadata of an object, as the hosted product has it.
    static let metadataBytes = 8192

    func putObject() async throws -> Response {
        let path = try object(for: .storageWrite)
        let body = try sizedBody()
        let condition = try putCondition()
        let metadata = try metadata()
        let upload = try store.startObject(
            path, hashesMD5: true, encryption: try EncryptionHeaders.wanted(request))
        body.isEncrypted = upload.encryption != nil
        do {
            while let piece = try await body.next() { try await upload.append(piece) }
        } catch {
            await upload.abort()
            throw error
        }
        let info = try await upload.complete(
            if: condition, metadata: ObjectMetadata(metadata.fields + body.verified))
        var headers: HTTPHeaders = ["etag": ETag.quoted(info.etag)]
        for field in body.verified { headers[field.name] = field.value }
        try addExpiration(of: path, info, to: &headers)
        try EncryptionHeaders.add(upload.encryption, of: request, to: &headers)
        return Response(status: 200, headers: headers)
    }

    /// - Errors: `S3-109` without a length, `S3-107`.
    func sizedBody() throws(S3Error) -> S3Body {
        let isChunked = authorization?.payloadHash.hasPrefix("STREAMING-") ?? false
        guard let length = S3Body.length(of: request, isChunked: isChunked) else {
            throw S3Error(.missingContentLength, "the length of the body must be given")
        }
        guard length <= Self.putBytes else {
            throw S3Error(
                .entityTooLarge, "the body is too large", ["bytes": length, "limit": Self.putBytes],
                hint: "use a multipart upload")
        }
        return try body()
    }

    /// - Errors: `S3-301` for `If-None-Match` with an etag, which S3 does not have on writes.
    func putCondition() throws(S3Error) -> PutCondition {
        if let none = request.headers["if-none-match"] {
            guard ETag.plain(none) == "*" else {
                throw S3Error(.notImplemented, "If-None-Match takes only * on writes", ["value": none])
            }
            return .ifAbsent
        }
        return request.headers["if-match"].map { .ifMatch(etag: ETag.plain($0)) } ?? .always
    }

    /// The headers that are kept with an object. - Errors: `S3-108`.
    func metadata() throws(S3Error) -> ObjectMetadata {
        let kept: Set<String> = [
            "content-type", "cache-control", "content-disposition", "content-encoding", "content-language",
            "expires",
        ]
        var fields: [ObjectMetadata.Field] = []
        var bytes = 0
        if let label = request.headers[StorageClass.header] {
            try StorageClass.check(label)
            if label != "STANDARD" { fields.append(ObjectMetadata.Field(StorageClass.header, label)) }
        }
        for (name, value) in request.headers.entries {
            let name = name.lowercased()
            if name.hasPrefix("x-amz-meta-") {
                bytes += name.utf8.count + value.utf8.count
                fields.append(ObjectMetadata.Field(name, value))
            } else if kept.contains(name) {
                guard name == "content-encoding" else {
                    fields.append(ObjectMetadata.Field(name, value))
                    continue
                }
                // The framing of this transfer is no property of the object.
                let rest = value.split(separator: ",").map { $0.drop { $0 == " " } }.filter {
                    $0 != "aws-chunked"
                }
                if !rest.isEmpty { fields.append(ObjectMetadata.Field(name, rest.joined(separator: ", "))) }
            }
        }
        guard bytes <= Self.metadataBytes else {
            throw S3Error(
                .metadataTooLarge, "the metadata is too large", ["bytes": bytes, "limit": Self.metadataBytes])
        }
        return ObjectMetadata(fields)
    }
}
