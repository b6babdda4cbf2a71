import Blobs
import Buckets
import Effects
import Identity
import Octets
import Wire

extension S3Call {
    /// How much is read and written at a time.
    private static let copyBytes: Int64 = 1 << 20

    func copyObject() async throws -> Response {
        let path = try object(for: .storageWrite)
        let condition = try copyCondition()
        let source = try await copySource()
        let directive = request.headers["x-amz-metadata-directive"]?.uppercased() ?? "COPY"
        guard ["COPY", "REPLACE", "MERGE"].contains(directive) else {
            throw S3Error(.invalidArgument, "no such metadata directive", ["value": directive])
        }
        let encryption = try EncryptionHeaders.wanted(request)
        let isChanged = request.headers[StorageClass.header] != nil || encryption.isAskedFor
        guard directive != "COPY" || source.path != path || isChanged else {
            throw S3Error(
                .invalidRequest, "a copy onto itself must change something",
                hint: "send x-amz-metadata-directive: REPLACE")
        }
        guard source.info.size <= Self.putBytes else {
            throw S3Error(
                .invalidRequest, "the source is too large for one copy",
                ["bytes": source.info.size, "limit": Self.putBytes], hint: "use UploadPartCopy")
        }
        let observer = try copyChecksum()
        let upload = try store.startObject(path, hashesMD5: true, encryption: encryption)
        do {
            try await copy(source, 0..<source.info.size) { bytes in
                observer?.stream.update(bytes)
                try await upload.append(bytes)
            }
        } catch {
            await upload.abort()
            throw error
        }
        var fields = try copiedMetadata(source.metadata, directive)
        if let observer {
            fields.append(ObjectMetadata.Field(observer.kind.header, observer.stream.finish()))
        }
        let info = try await upload.complete(if: condition, metadata: ObjectMetadata(fields))
        var response = copyResult("CopyObjectResult", info, fields)
        try addExpiration(of: path, info, to: &response.headers)
        try EncryptionHeaders.add(upload.encryption, of: request, to: &response.headers)
        return response
    }

    /// A checksum that the copy is to have. - Errors: `S3-112`.
    private func copyChecksum() throws(S3Error) -> (kind: S3Checksum, stream: ChecksumObserver)? {
        guard let name = request.headers["x-amz-checksum-algorithm"] else { return nil }
        guard let kind = S3Checksum(rawValue: name.lowercased()) else {
            throw S3Error(.invalidRequest, "no such checksum algorithm", ["value": name])
        }
        return (kind, ChecksumObserver(kind))
    }

    /// Checksums of the whole go with the bytes; how the source was put together does not.
    private func copiedMetadata(
        _ source: ObjectMetadata, _ directive: String
    ) throws -> [ObjectMetadata.Field] {
        let asked = request.headers["x-amz-checksum-algorithm"]
        let checksums = source.fields.filter {
            S3Checksum(header: $0.name) != nil && asked == nil
                && S3Checksum.type(of: $0.value) == "FULL_OBJECT"
        }
        let own = source.fields.filter {
            S3Checksum(header: $0.name) == nil && !MultipartChecksum.isInternal($0.name)
        }
        let given = try metadata().fields
        switch directive {
        case "REPLACE": return given + checksums
        case "MERGE":
            return own.filter { field in !given.contains { $0.name == field.name } } + given + checksums
        default:
            let label = given.filter { $0.name == StorageClass.header }
            return own.filter { $0.name != StorageClass.header || label.isEmpty } + label + checksums
        }
    }

    /// Conditions on what is there already, also in the hosted product's own headers.
    private func copyCondition() throws(S3Error) -> PutCondition {
        if let none = request.headers["cf-copy-destination-if-none-match"] {
            guard ETag.plain(none) == "*" else {
                throw S3Error(.notImplemented, "If-None-Match takes only * on writes", ["value": none])
            }
            return .ifAbsent
        }
        if let wanted = request.headers["cf-copy-destination-if-match"] {
            return .ifMatch(etag: ETag.plain(wanted))
        }
        return try putCondition()
    }

    func uploadPartCopy() async throws -> Response {
        let path = try object(for: .storageWrite)
        let source = try await copySource()
        var range = 0..<source.info.size
        if let header = request.headers["x-amz-copy-source-range"] {
            let numbers = header.dropFirst("bytes=".count).split(
                separator: "-", omittingEmptySubsequences: false)
            guard header.hasPrefix("bytes="), numbers.count == 2, let last = Int64(numbers[1]), last >= 0,
                let part = try ByteRange.parse(header, size: source.info.size)
            else { throw S3Error(.invalidArgument, "the range is not bytes=FIRST-LAST", ["value": header]) }
            guard last < source.info.size else {
                throw S3Error(
                    .invalidRange, "the range lies outside the source",
                    ["range": header, "size": source.info.size])
            }
            range = part
        }
        let number = try number("partNumber", in: 1...10_000, default: nil)
        let id = target["uploadId"] ?? ""
        let observer = MultipartChecksum(try store.uploadMetadata(path, upload: id)).map {
            (kind: $0.kind, stream: ChecksumObserver($0.kind))
        }
        let part = try store.startPart(
            path, upload: id, number: number, key: try EncryptionHeaders.key(request))
        do {
            try await copy(source, range) { bytes in
                observer?.stream.update(bytes)
                try await part.append(bytes)
            }
        } catch {
            await part.abort()
            throw error
        }
        let fields = observer.map { [ObjectMetadata.Field($0.kind.header, $0.stream.finish())] } ?? []
        let info = try await part.complete(metadata: ObjectMetadata(fields))
        var response = copyResult("CopyPartResult", info, fields)
        try EncryptionHeaders.add(part.encryption, of: request, to: &response.headers)
        return response
    }

    /// - Errors: `S3-101`, `S3-201`, `IDN-102`.
    private func copySource() async throws -> OpenObject {
        let source = try await store.openObject(
            try copySourcePath(), key: try EncryptionHeaders.sourceKey(request))
        try checkSource(source.info)
        return source
    }

    /// `/bucket/key`, percent-encoded, as the header has it. - Errors: `S3-101`, `IDN-102`.
    func copySourcePath() throws -> BlobPath {
        let header = request.headers["x-amz-copy-source"] ?? ""
        guard !header.contains("?versionId=") else {
            throw S3Error(.notImplemented, "objects have no versions", ["x-amz-copy-source": header])
        }
        let text = header.hasPrefix("/") ? header.dropFirst() : header[...]
        // Bytes: before a combining mark, with which a key may begin, a slash is none among characters.
        guard let plain = PercentEncoding.decode(text),
            let slash = plain.utf8.firstIndex(of: UInt8(ascii: "/")), slash > plain.startIndex,
            plain.utf8.index(after: slash) < plain.endIndex
        else { throw S3Error(.invalidArgument, "the source of a copy is not /BUCKET/KEY", ["value": header]) }
        let path = BlobPath(
            bucket: String(plain[..<slash]), key: String(plain[plain.utf8.index(after: slash)...]))
        try principal.require(.storageRead, on: .object(path.bucket, path.key))
        return path
    }

    /// As for reads, but what would be "not modified" there fails here. - Errors: `S3-201`.
    private func checkSource(_ info: BlobInfo) throws(S3Error) {
        let seconds = info.modified.microseconds.floorDivided(by: 1_000_000)
        func since(_ name: String) -> Int64? {
            request.headers["x-amz-copy-source-" + name].flatMap { HTTPDate.parse($0) }?
                .microseconds.floorDivided(by: 1_000_000)
        }
        if let wanted = request.headers["x-amz-copy-source-if-match"] {
            guard ETag.matches(wanted, info.etag) else {
                throw S3Error(.preconditionFailed, "the source has another etag")
            }
        } else if let limit = since("if-unmodified-since"), seconds > limit {
            throw S3Error(.preconditionFailed, "the source is newer")
        }
        if let known = request.headers["x-amz-copy-source-if-none-match"] {
            guard !ETag.matches(known, info.etag) else {
                throw S3Error(.preconditionFailed, "the source has this etag")
            }
        } else if let limit = since("if-modified-since"), seconds <= limit {
            throw S3Error(.preconditionFailed, "the source is not newer")
        }
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

    private func copyResult(
        _ name: String, _ info: BlobInfo, _ fields: [ObjectMetadata.Field]
    ) -> Response {
        xml { xml in
            xml.element(name, namespace: XMLWriter.s3Namespace) { xml in
                xml.text("LastModified", S3Time.iso(info.modified))
                xml.text("ETag", ETag.quoted(info.etag))
                for field in fields {
                    if let kind = S3Checksum(header: field.name) { xml.text(kind.element, field.value) }
                }
            }
        }
    }
}
