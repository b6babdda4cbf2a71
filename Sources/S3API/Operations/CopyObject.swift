import Blobs
import Buckets
import Identity
import Octets
import Wire

extension S3Call {
    /// How much is read and written at a time.
    private static let copyBytes: Int64 = 1 << 20

    func copyObject() async throws -> Response {
        let path = try object(for: .storageWrite)
        let condition = try putCondition()
        let source = try await copySource()
        let replaces = request.headers["x-amz-metadata-directive"]?.uppercased() == "REPLACE"
        let checksums = source.metadata.fields.filter { S3Checksum(header: $0.name) != nil }
        let metadata = replaces ? ObjectMetadata(try metadata().fields + checksums) : source.metadata
        let upload = try store.startObject(path, hashesMD5: true)
        do {
            try await copy(source, 0..<source.info.size) { try await upload.append($0) }
        } catch {
            await upload.abort()
            throw error
        }
        let info = try await upload.complete(if: condition, metadata: metadata)
        return copyResult("CopyObjectResult", info)
    }

    func uploadPartCopy() async throws -> Response {
        let path = try object(for: .storageWrite)
        let source = try await copySource()
        var range = 0..<source.info.size
        if let header = request.headers["x-amz-copy-source-range"] {
            guard let part = try ByteRange.parse(header, size: source.info.size) else {
                throw S3Error(.invalidArgument, "the range is not bytes=FIRST-LAST", ["value": header])
            }
            range = part
        }
        let number = try number("partNumber", in: 1...10_000, default: nil)
        let part = try store.startPart(path, upload: target["uploadId"] ?? "", number: number)
        do {
            try await copy(source, range) { try await part.append($0) }
        } catch {
            await part.abort()
            throw error
        }
        return copyResult("CopyPartResult", try await part.complete())
    }

    /// `/bucket/key`, percent-encoded, as the header has it. - Errors: `S3-101`, `S3-201`, `IDN-102`.
    private func copySource() async throws -> OpenObject {
        let header = request.headers["x-amz-copy-source"] ?? ""
        guard !header.contains("?versionId=") else {
            throw S3Error(.notImplemented, "objects have no versions", ["x-amz-copy-source": header])
        }
        let text = header.hasPrefix("/") ? header.dropFirst() : header[...]
        guard let plain = PercentEncoding.decode(text),
            let slash = plain.firstIndex(of: "/"), slash > plain.startIndex,
            plain.index(after: slash) < plain.endIndex
        else { throw S3Error(.invalidArgument, "the source of a copy is not /BUCKET/KEY", ["value": header]) }
        let path = BlobPath(bucket: String(plain[..<slash]), key: String(plain[plain.index(after: slash)...]))
        try principal.require(.storageRead, on: .object(path.bucket, path.key))
        let source = try await store.openObject(path)
        if let wanted = request.headers["x-amz-copy-source-if-match"], !ETag.matches(wanted, source.info.etag)
        {
            throw S3Error(.preconditionFailed, "the source has another etag")
        }
        if let known = request.headers["x-amz-copy-source-if-none-match"],
            ETag.matches(known, source.info.etag)
        {
            throw S3Error(.preconditionFailed, "the source has this etag")
        }
        return source
    }

    private func copy(
        _ source: OpenObject, _ range: Range<Int64>, into append: ([UInt8]) async throws -> Void
    ) async throws {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(range.upperBound, start + Self.copyBytes)
            try await append(try await source.read([start..<end])[0])
            start = end
        }
    }

    private func copyResult(_ name: String, _ info: BlobInfo) -> Response {
        xml { xml in
            xml.element(name, namespace: XMLWriter.s3Namespace) { xml in
                xml.text("LastModified", S3Time.iso(info.modified))
                xml.text("ETag", ETag.quoted(info.etag))
            }
        }
    }
}
