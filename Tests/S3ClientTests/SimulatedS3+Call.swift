import Blobs
import Effects
import HTTPClient
import Octets
import Signing
import XMLText

@testable import S3Client

extension SimulatedS3 {
    /// One request's effect on the objects.
    struct Call {
        let request: HTTPClientRequest
        let key: String
        let query: [String: String]
        let now: Instant
        let version: Int
        let knowsConditions: Bool

        private func header(_ name: String) -> String? {
            request.headers.first { $0.name.lowercased() == name }?.value
        }

        private var body: [UInt8] { request.body ?? [] }

        /// Nil for what is not simulated.
        func perform(_ state: inout State) -> S3Answer? {
            switch (request.method, query["uploadId"], query["uploads"] != nil) {
            case ("GET", nil, false) where query["list-type"] == "2": list(state)
            case ("GET", nil, true): listUploads(state)
            case ("GET", nil, false), ("HEAD", nil, false): read(state)
            case ("PUT", nil, false): put(&state)
            case ("POST", nil, false) where query["delete"] != nil: deleteMany(&state)
            case ("DELETE", nil, false): delete(&state)
            case ("POST", nil, true): begin(&state)
            case ("PUT", let id?, false): part(&state, id)
            case ("POST", let id?, false): complete(&state, id)
            case ("DELETE", let id?, false): abort(&state, id)
            default: nil
            }
        }

        private func refusal(_ status: Int, _ code: String) -> S3Answer {
            let body = request.method == "HEAD" ? "" : "<Error><Code>\(code)</Code></Error>"
            return S3Answer(
                status: status, headers: [("content-type", "application/xml")], body: Array(body.utf8))
        }

        private func xml(_ text: String) -> S3Answer {
            S3Answer(status: 200, headers: [("content-type", "application/xml")], body: Array(text.utf8))
        }

        private func condition(_ state: State) -> S3Answer? {
            guard knowsConditions else { return nil }
            let present = state.objects[ObjectKey(key)]
            if header("if-none-match") == "*", present != nil { return refusal(412, "PreconditionFailed") }
            if let wanted = header("if-match") {
                guard let present else { return refusal(404, "NoSuchKey") }
                guard S3Text.etag(wanted) == present.etag else { return refusal(412, "PreconditionFailed") }
            }
            return nil
        }

        private func store(_ state: inout State, _ bytes: [UInt8], mark: String?) -> Object {
            let object = Object(
                bytes: bytes, etag: "v\(version)", mark: mark, checksum: header("x-amz-checksum-crc32c"),
                modified: now)
            state.objects[ObjectKey(key)] = object
            return object
        }

        private func put(_ state: inout State) -> S3Answer {
            if let refused = condition(state) { return refused }
            if let known = header("x-amz-checksum-crc32c"),
                S3Text.checksum(CRC32C.checksum(body.span)) != known
            {
                return refusal(400, "BadDigest")
            }
            let object = store(&state, body, mark: header(S3BlobStore.markHeader))
            return S3Answer(status: 200, headers: [("ETag", "\"\(object.etag)\"")])
        }

        private func read(_ state: State) -> S3Answer {
            guard let object = state.objects[ObjectKey(key)] else { return refusal(404, "NoSuchKey") }
            if let wanted = header("if-match"), S3Text.etag(wanted) != object.etag {
                return refusal(412, "PreconditionFailed")
            }
            var answer = S3Answer(
                status: 200,
                headers: [
                    ("ETag", "\"\(object.etag)\""), ("Last-Modified", "Sat, 31 Jan 2026 12:34:56 GMT"),
                    ("Content-Length", "\(object.bytes.count)"),
                ])
            if let mark = object.mark { answer.headers.append((S3BlobStore.markHeader, mark)) }
            guard request.method == "GET" else { return answer }
            answer.body = object.bytes
            if let range = header("range") {
                let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
                guard ends.count == 2, ends[0] < object.bytes.count else {
                    return refusal(416, "InvalidRange")
                }
                answer.status = 206
                answer.body = Array(object.bytes[ends[0]..<min(object.bytes.count, ends[1] + 1)])
            } else if let checksum = object.checksum, header("x-amz-checksum-mode") == "ENABLED" {
                answer.headers.append(("x-amz-checksum-crc32c", checksum))
            }
            return answer
        }

        private func list(_ state: State) -> S3Answer {
            let prefix = ObjectKey(query["prefix"] ?? "")
            let after = query["start-after"].map { ObjectKey($0) }
            let found = state.objects.filter { entry in
                entry.key.hasPrefix(prefix) && (after.map { entry.key > $0 } ?? true)
            }.sorted { $0.key < $1.key }
            let page = found.prefix(Int(query["max-keys"] ?? "") ?? 1000)
            var text = "<ListBucketResult><EncodingType>url</EncodingType>"
            text += "<IsTruncated>\(page.count < found.count)</IsTruncated>"
            for (key, object) in page {
                text += "<Contents><Key>\(PercentEncoding.encode(key.bytes))</Key>"
                text += "<Size>\(object.bytes.count)</Size><ETag>&quot;\(object.etag)&quot;</ETag>"
                text += "<LastModified>2026-01-31T12:34:56.000Z</LastModified></Contents>"
            }
            return xml(text + "</ListBucketResult>")
        }

        private func delete(_ state: inout State) -> S3Answer {
            state.objects[ObjectKey(key)] = nil
            return S3Answer(status: 204)
        }

        private func deleteMany(_ state: inout State) -> S3Answer {
            guard header("content-md5") == Base64.encode(MD5.hash(body)),
                let root = try? XMLElement(parsing: body)
            else { return refusal(400, "BadDigest") }
            for object in root.children("Object") { state.objects[ObjectKey(object["Key"] ?? "")] = nil }
            return xml("<DeleteResult></DeleteResult>")
        }

        private func begin(_ state: inout State) -> S3Answer {
            state.uploads["u\(version)"] = Upload(
                key: key, mark: header(S3BlobStore.markHeader), begun: now)
            return xml(
                "<InitiateMultipartUploadResult><UploadId>u\(version)</UploadId></InitiateMultipartUploadResult>"
            )
        }

        private func part(_ state: inout State, _ id: String) -> S3Answer {
            guard let number = query["partNumber"].flatMap({ Int($0) }), state.uploads[id] != nil else {
                return refusal(404, "NoSuchUpload")
            }
            state.uploads[id]?.parts[number] = body
            return S3Answer(status: 200, headers: [("ETag", "\"\(Hex.encode(MD5.hash(body)))\"")])
        }

        private func complete(_ state: inout State, _ id: String) -> S3Answer {
            guard let upload = state.uploads[id] else { return refusal(404, "NoSuchUpload") }
            if let refused = condition(state) { return refused }
            guard let root = try? XMLElement(parsing: body) else { return refusal(400, "MalformedXML") }
            var bytes: [UInt8] = []
            for part in root.children("Part") {
                guard let number = part["PartNumber"].flatMap({ Int($0) }), let found = upload.parts[number],
                    "\"\(Hex.encode(MD5.hash(found)))\"" == part["ETag"]
                else { return refusal(400, "InvalidPart") }
                bytes += found
            }
            let object = store(&state, bytes, mark: upload.mark)
            state.uploads[id] = nil
            return xml(
                "<CompleteMultipartUploadResult><ETag>\"\(object.etag)\"</ETag></CompleteMultipartUploadResult>"
            )
        }

        private func abort(_ state: inout State, _ id: String) -> S3Answer {
            state.uploads.removeValue(forKey: id) == nil
                ? refusal(404, "NoSuchUpload") : S3Answer(status: 204)
        }

        private func listUploads(_ state: State) -> S3Answer {
            var text = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
            for (id, upload) in state.uploads {
                text += "<Upload><Key>\(upload.key)</Key><UploadId>\(id)</UploadId>"
                text += "<Initiated>\(upload.begun.rfc3339)</Initiated></Upload>"
            }
            return xml(text + "</ListMultipartUploadsResult>")
        }
    }
}
