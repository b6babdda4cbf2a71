import Blobs
import Buckets
import Identity
import Wire

extension S3Call {
    private var uploadID: String { target["uploadId"] ?? "" }

    func createMultipartUpload() async throws -> Response {
        let path = try object(for: .storageWrite)
        let id = try await store.startMultipart(path, metadata: try metadata())
        return xml { xml in
            xml.element("InitiateMultipartUploadResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("UploadId", id)
            }
        }
    }

    func uploadPart() async throws -> Response {
        let path = try object(for: .storageWrite)
        let number = try number("partNumber", in: 1...10_000, default: nil)
        let body = try sizedBody()
        let part = try store.startPart(path, upload: uploadID, number: number)
        do {
            while let piece = try await body.next() { try await part.append(piece) }
        } catch {
            await part.abort()
            throw error
        }
        let info = try await part.complete()
        var headers: HTTPHeaders = ["etag": ETag.quoted(info.etag)]
        for field in body.verified { headers[field.name] = field.value }
        return Response(status: 200, headers: headers)
    }

    func completeMultipartUpload() async throws -> Response {
        let path = try object(for: .storageWrite)
        let condition = try putCondition()
        let document = try XMLElement(parsing: try await body().collect(limit: 4 << 20))
        guard document.name == "CompleteMultipartUpload" else {
            throw S3Error(.malformedXML, "the body is no CompleteMultipartUpload", ["name": document.name])
        }
        let parts = try document.children("Part").map { part throws(S3Error) in
            guard let number = part["PartNumber"].flatMap({ Int($0) }), let etag = part["ETag"] else {
                throw S3Error(.malformedXML, "a Part lacks its PartNumber or ETag")
            }
            return (number, ETag.plain(etag))
        }
        let info = try await store.completeMultipart(path, upload: uploadID, parts: parts, if: condition)
        return xml { xml in
            xml.element("CompleteMultipartUploadResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Location", "/\(path.bucket)/\(path.key)")
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("ETag", ETag.quoted(info.etag))
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
        let all = try store.listParts(path, upload: uploadID).parts.filter { $0.number > marker }
        let page = all.prefix(limit)
        return xml { xml in
            xml.element("ListPartsResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", path.bucket)
                xml.text("Key", path.key)
                xml.text("UploadId", uploadID)
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
                    }
                }
            }
        }
    }

    /// One page of at most a thousand; more are told of, and `prefix` narrows the search.
    func listMultipartUploads() throws -> Response {
        let prefix = target["prefix"] ?? ""
        try principal.require(.storageRead, on: .object(bucket, prefix))
        let after = (target["key-marker"] ?? "", target["upload-id-marker"] ?? "")
        let all = try store.listUploads(bucket: bucket, prefix: prefix).filter { upload in
            after.0.isEmpty || ObjectKey(upload.key) > ObjectKey(after.0)
        }
        let page = all.prefix(1000)
        return xml { xml in
            xml.element("ListMultipartUploadsResult", namespace: XMLWriter.s3Namespace) { xml in
                xml.text("Bucket", bucket)
                xml.text("Prefix", prefix)
                xml.text("KeyMarker", after.0)
                xml.text("UploadIdMarker", after.1)
                xml.text("MaxUploads", "1000")
                xml.text("IsTruncated", page.count < all.count ? "true" : "false")
                if page.count < all.count, let last = page.last { xml.text("NextKeyMarker", last.key) }
                for upload in page {
                    xml.element("Upload") { xml in
                        xml.text("Key", upload.key)
                        xml.text("UploadId", upload.id)
                        xml.text("Initiated", S3Time.iso(upload.started))
                    }
                }
            }
        }
    }
}
