import Blobs
import Buckets
import Effects
import Identity
import Scheduling
import Wire

extension S3Call {
    /// What is read at once, and checked if it is a whole object; more of one goes out piece by piece, a larger range from its
    /// file without a copy, unless it is encrypted.
    private static let readBytes: Int64 = 64 << 10

    func getObject() async throws -> Response {
        let path = try object(for: .storageRead)
        let object = try await store.openObject(path, key: try EncryptionHeaders.key(request))
        if let unchanged = try checkConditions(object.info) { return unchanged }
        let (range, parts) = try wantedRange(object.info, object.metadata)
        let whole = 0..<object.info.size
        var headers = headers(object.info, object.metadata)
        addChecksums(object.metadata, ofRange: range, to: &headers)
        try addExpiration(of: path, object.info, to: &headers)
        try EncryptionHeaders.add(object.encryption, of: request, to: &headers)
        if let parts { headers["x-amz-mp-parts-count"] = "\(parts)" }
        if let range {
            headers["content-range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.info.size)"
        }
        for (name, value) in target.query where name.hasPrefix("response-") {
            let header = String(name.dropFirst("response-".count))
            guard Self.overridable.contains(header) else {
                throw S3Error(.invalidArgument, "no such header can be set", ["name": name])
            }
            headers[header] = value
        }
        let sent = range ?? whole
        let body: Response.Body
        if Int64(sent.count) <= Self.readBytes {
            body = .bytes(try await object.read([sent])[0])
        } else if sent == whole {
            let memory = try service.ledger.reserve(OpenObject.checkedBodyBytes, for: "a download")
            body = .stream(length: object.info.size) { writer in
                try await object.writeChecked(to: writer)
                withExtendedLifetime(memory) {}
            }
        } else if !object.isPlain {
            let memory = try service.ledger.reserve(OpenObject.checkedBodyBytes, for: "a download")
            body = .stream(length: Int64(sent.count)) { writer in
                try await object.write(sent, to: writer)
                withExtendedLifetime(memory) {}
            }
        } else {
            let (descriptor, offset) = try object.descriptor()
            body = .file(
                OwnedDescriptor(descriptor), offset: offset + sent.lowerBound, length: Int64(sent.count))
        }
        return Response(status: range == nil ? 200 : 206, headers: headers, body: body)
    }

    func headObject() throws -> Response {
        let path = try object(for: .storageRead)
        let (info, metadata, encryption) = try store.objectFacts(
            path, key: try EncryptionHeaders.key(request))
        if let unchanged = try checkConditions(info) { return unchanged }
        var headers = headers(info, metadata)
        let (range, parts) = try wantedRange(info, metadata)
        addChecksums(metadata, ofRange: range, to: &headers)
        try addExpiration(of: path, info, to: &headers)
        try EncryptionHeaders.add(encryption, of: request, to: &headers)
        if let parts { headers["x-amz-mp-parts-count"] = "\(parts)" }
        guard let range else {
            return Response(status: 200, headers: headers, body: .absent(length: info.size))
        }
        headers["content-range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(info.size)"
        return Response(status: 206, headers: headers, body: .absent(length: Int64(range.count)))
    }

    private func headers(_ info: BlobInfo, _ metadata: ObjectMetadata) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "etag": ETag.quoted(info.etag), "last-modified": HTTPDate.text(info.modified),
            "accept-ranges": "bytes",
        ]
        for field in metadata.fields
        where S3Checksum(header: field.name) == nil && !MultipartChecksum.isInternal(field.name) {
            headers.append(field.name, field.value)
        }
        if headers["content-type"] == nil { headers["content-type"] = "binary/octet-stream" }
        return headers
    }

    /// Those of the whole; of a part that is asked for by its number, its own; of a range, none.
    private func addChecksums(
        _ metadata: ObjectMetadata, ofRange range: Range<Int64>?, to headers: inout HTTPHeaders
    ) {
        guard request.headers["x-amz-checksum-mode"]?.uppercased() == "ENABLED" else { return }
        let part = target["partNumber"].flatMap { Int($0) }
        if let part, let parts = PartList(metadata) {
            guard let checksum = parts.checksum(of: part), let whole = metadata[checksum.kind.header] else {
                return
            }
            headers[checksum.kind.header] = checksum.value
            headers["x-amz-checksum-type"] = S3Checksum.type(of: whole)
        } else if range == nil || part != nil {
            for field in metadata.fields where S3Checksum(header: field.name) != nil {
                headers[field.name] = field.value
                headers["x-amz-checksum-type"] = S3Checksum.type(of: field.value)
            }
        }
    }

    private static let overridable: Set<String> = [
        "content-type", "content-language", "expires", "cache-control", "content-disposition",
        "content-encoding",
    ]

    /// What of the object is asked for, by `Range` or by part; nil for all of it. With a part's number also how many
    /// parts there are.
    ///
    /// - Errors: `S3-111`, `S3-112`, `S3-114`.
    private func wantedRange(
        _ info: BlobInfo, _ metadata: ObjectMetadata
    ) throws -> (range: Range<Int64>?, parts: Int?) {
        guard target.has("partNumber") else {
            return (try ByteRange.parse(request.headers["range"], size: info.size), nil)
        }
        guard request.headers["range"] == nil else {
            throw S3Error(.invalidRequest, "Range and partNumber cannot both be given")
        }
        let number = try number("partNumber", in: 1...10_000, default: nil)
        let sizes = metadata[PartSizes.field].flatMap { PartSizes($0) } ?? PartSizes([info.size])
        guard let range = sizes.range(of: number) else {
            throw S3Error(
                .invalidPartNumber, "the object has no such part", ["part": number, "parts": sizes.count])
        }
        let isPlain = metadata[PartSizes.field] == nil
        return (info.size == 0 ? nil : range, isPlain ? nil : sizes.count)
    }

    /// In the order RFC 9110, section 13.2.2, sets. Answers 304, with what section 15.4.5 wants in it, for an object that
    /// the client has already.
    ///
    /// - Errors: `S3-201`.
    private func checkConditions(_ info: BlobInfo) throws(S3Error) -> Response? {
        let unchanged = Response(
            status: 304,
            headers: ["etag": ETag.quoted(info.etag), "last-modified": HTTPDate.text(info.modified)])
        let seconds = info.modified.microseconds.floorDivided(by: 1_000_000)
        func since(_ name: String) -> Int64? {
            request.headers[name].flatMap { HTTPDate.parse($0) }?.microseconds.floorDivided(by: 1_000_000)
        }
        if let wanted = request.headers["if-match"] {
            guard ETag.matches(wanted, info.etag) else {
                throw S3Error(.preconditionFailed, "the object has another etag", ["condition": "If-Match"])
            }
        } else if let limit = since("if-unmodified-since"), seconds > limit {
            throw S3Error(.preconditionFailed, "the object is newer", ["condition": "If-Unmodified-Since"])
        }
        if let known = request.headers["if-none-match"] {
            if ETag.matches(known, info.etag) { return unchanged }
        } else if let limit = since("if-modified-since"), seconds <= limit {
            return unchanged
        }
        return nil
    }
}

/// The `Range` header, as far as S3 has it: one range.
enum ByteRange {
    /// Nil for the whole object: without the header, and for forms that RFC 9110 says to ignore.
    ///
    /// - Errors: `S3-111` when no byte of the object is asked for.
    static func parse(_ header: String?, size: Int64) throws(S3Error) -> Range<Int64>? {
        guard let header, header.hasPrefix("bytes=") else { return nil }
        let parts = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].contains(",") else { return nil }
        let unsatisfiable = S3Error(
            .invalidRange, "the range lies outside the object", ["range": header, "size": size])
        if parts[0].isEmpty {
            guard let count = number(parts[1]) else { return nil }
            guard count > 0, size > 0 else { throw unsatisfiable }
            return max(0, size - count)..<size
        }
        guard let first = number(parts[0]) else { return nil }
        guard parts[1].isEmpty || number(parts[1]) != nil else { return nil }
        let last = number(parts[1]) ?? Int64.max - 1
        guard first <= last else { return nil }
        guard first < size else { throw unsatisfiable }
        return first..<min(size, last + 1)
    }

    /// Digits only; larger than any object stands for the largest.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return min(Int64(text) ?? .max, Int64.max - 1)
    }
}
