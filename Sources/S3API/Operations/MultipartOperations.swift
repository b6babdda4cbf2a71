import Blobs
import Buckets
import Identity
import Wire
import XMLText

extension S3Call {
    private var uploadID: String { target["uploadId"] ?? "" }

    func createMultipartUpload() async throws -> Response {
        let path = try object(for: .storageWrite)
        let checksum = try MultipartChecksum(HTTPHeadersReader { request.headers[$0] })
        let metadata = ObjectMetadata(try metadata().fields + (checksum?.fields ?? []))
        let id = try await store.startMultipart(
            path, metadata: metadata, encryption: try EncryptionHeaders.wanted(request))
        var response = xml { xml in
            xml.element("InitiateMultipartUploadResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("UploadId", id)
            }
        }
        if let checksum {
            response.headers["x-amz-checksum-algorithm"] = checksum.kind.rawValue.uppercased()
            response.headers["x-amz-checksum-type"] = checksum.isFull ? "FULL_OBJECT" : "COMPOSITE"
        }
        try EncryptionHeaders.add(
            try store.uploadEncryption(path, upload: id), of: request, to: &response.headers)
        return response
    }

    func uploadPart() async throws -> Response {
        let path = try object(for: .storageWrite)
        let number = try number("partNumber", in: 1...10_000, default: nil)
        let body = try sizedBody()
        let part = try store.startPart(
            path, upload: uploadID, number: number, key: try EncryptionHeaders.key(request))
        body.isEncrypted = part.encryption != nil
        do {
            while let piece = try await body.next() { try await part.append(piece) }
        } catch {
            await part.abort()
            throw error
        }
        let info = try await part.complete(metadata: ObjectMetadata(body.verified))
        var headers: HTTPHeaders = ["etag": ETag.quoted(info.etag)]
        for field in body.verified { headers[field.name] = field.value }
        try EncryptionHeaders.add(part.encryption, of: request, to: &headers)
        return Response(status: 200, headers: headers)
    }

    func completeMultipartUpload() async throws -> Response {
        let path = try object(for: .storageWrite)
        let condition = try putCondition()
        let document = try XMLElement(s3: try await body(hasChecksums: false).collect(limit: 4 << 20))
        guard document.name == "CompleteMultipartUpload" else {
            throw S3Error(.malformedXML, "the body is no CompleteMultipartUpload", ["name": document.name])
        }
        let named = try document.children("Part").map { part throws(S3Error) in
            guard let number = part["PartNumber"].flatMap({ Int($0) }), let etag = part["ETag"] else {
                throw S3Error(.malformedXML, "a Part lacks its PartNumber or ETag")
            }
            return (number, ETag.plain(etag))
        }
        let upload: (parts: [PartInfo], metadata: ObjectMetadata)
        do {
            upload = try store.listParts(path, upload: uploadID)
        } catch let error as BucketsError where error.code == .uploadNotFound {
            guard let done = try completedBefore(path) else { throw error }
            return done
        }
        let present = Dictionary(uniqueKeysWithValues: upload.parts.map { ($0.number, $0) })
        let chosen = named.compactMap { present[$0.0] }
        try check(document, present)
        let checksum = MultipartChecksum(upload.metadata)
        let observer = checksum.flatMap { $0.isFull ? ChecksumObserver($0.kind) : nil }
        let parts = PartList.fields(chosen, checksum?.kind)
        let wanted = checksum.flatMap { request.headers[$0.kind.header] }
        var value: String?
        if let checksum, !checksum.isFull { value = try checksum.composite(chosen) }
        let (known, id) = (value, uploadID)
        let made = try await store.completeMultipart(
            path, upload: uploadID, parts: named, if: condition, key: try EncryptionHeaders.key(request),
            observing: observer?.update
        ) {
            var fields = parts + [ObjectMetadata.Field(Self.uploadField, id)]
            guard let checksum, let found = known ?? observer?.finish() else { return ObjectMetadata(fields) }
            guard wanted == nil || wanted == found else {
                throw S3Error(
                    .badDigest, "the object does not have the checksum the request gives",
                    ["header": checksum.kind.header, "sent": wanted ?? "", "computed": found])
            }
            fields.append(ObjectMetadata.Field(checksum.kind.header, found))
            return ObjectMetadata(fields)
        }
        return try completed(path, made.info, made.metadata, made.encryption)
    }

    /// The field of an object's metadata that names the upload it came from; never shown.
    private static let uploadField = "firn-upload"

    /// A client that lost the answer asks again, and gets it as long as the object is still the upload's.
    private func completedBefore(_ path: BlobPath) throws -> Response? {
        guard let (info, metadata, encryption) = try? store.objectFacts(path),
            metadata[Self.uploadField] == uploadID
        else {
            return nil
        }
        return try completed(path, info, metadata, encryption)
    }

    private func completed(
        _ path: BlobPath, _ info: BlobInfo, _ made: ObjectMetadata, _ encryption: EncryptionKind?
    ) throws -> Response {
        let checksum = MultipartChecksum(made)
        var response = xml { xml in
            xml.element("CompleteMultipartUploadResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Location", "/\(path.bucket)/\(path.key)")
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("ETag", ETag.quoted(info.etag))
                if let checksum, let found = made[checksum.kind.header] {
                    xml.text(checksum.kind.element, found)
                    xml.text("ChecksumType", S3Checksum.type(of: found))
                }
            }
        }
        try addExpiration(of: path, info, to: &response.headers)
        try EncryptionHeaders.add(encryption, of: request, to: &response.headers)
        return response
    }

    /// What the list of parts says of their checksums, and the whole's size. - Errors: `S3-104`, `S3-112`.
    private func check(_ document: XMLElement, _ present: [Int: PartInfo]) throws(S3Error) {
        var size: Int64 = 0
        for part in document.children("Part") {
            guard let number = part["PartNumber"].flatMap({ Int($0) }),
                let found = present[number]
            else { continue }
            size += found.info.size
            for kind in S3Checksum.allCases {
                guard let said = part[kind.element], let known = found.metadata[kind.header] else { continue }
                guard said == known else {
                    throw S3Error(
                        .badDigest, "a part has another checksum than the list says", ["part": number])
                }
            }
        }
        if let text = request.headers["x-amz-mp-object-size"] {
            guard Int64(text) == size else {
                throw S3Error(
                    .invalidRequest, "the parts are not as large together as the request says",
                    ["said": text, "found": size])
            }
        }
    }

    func abortMultipartUpload() async throws -> Response {
        let path = try object(for: .storageWrite)
        try await store.abortMultipart(path, upload: uploadID)
        return Response(status: 204)
    }

    func listParts() throws -> Response {
        let path = try object(for: .storageRead)
        let limit = min(1000, try number("max-parts", in: 0...Int(Int32.max), default: 1000))
        let marker = try number("part-number-marker", in: 0...Int(Int32.max), default: 0)
        let upload = try store.listParts(path, upload: uploadID)
        let checksum = MultipartChecksum(upload.metadata)
        let all = upload.parts.filter { $0.number > marker }
        let page = all.prefix(limit)
        return xml { xml in
            xml.element("ListPartsResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("UploadId", uploadID)
                writeOwner(&xml, as: ["Initiator", "Owner"])
                xml.text("StorageClass", StorageClass.label(upload.metadata))
                if let checksum {
                    xml.text("ChecksumAlgorithm", checksum.kind.rawValue.uppercased())
                    xml.text("ChecksumType", checksum.isFull ? "FULL_OBJECT" : "COMPOSITE")
                }
                xml.text("PartNumberMarker", "\(marker)")
                xml.text("MaxParts", "\(limit)")
                xml.text("IsTruncated", page.count < all.count ? "true" : "false")
                if page.count < all.count, let last = page.last {
                    xml.text("NextPartNumberMarker", "\(last.number)")
                }
                for part in page {
                    xml.element("Part") { xml in
                        xml.text("PartNumber", "\(part.number)")
                        xml.text("LastModified", S3Time.iso(part.info.modified))
                        xml.text("ETag", ETag.quoted(part.info.etag))
                        xml.text("Size", "\(part.info.size)")
                        for kind in S3Checksum.allCases {
                            if let value = part.metadata[kind.header] { xml.text(kind.element, value) }
                        }
                    }
                }
            }
        }
    }
}
