import Blobs
import HTTPClient
import Identity
import Octets
import S3Client
import Signing
import Wire
import XMLText

extension S3Call {
    /// Keys that may not be deleted are answered here; the others go on together, but for those that XML has no way to
    /// write: each is a request of its own.
    func deleteForwarded(over passage: S3Passage) async throws -> Response {
        try principal.requireSomewhere(.storageWrite)
        let document = try XMLElement(s3: try await body().collect(limit: 4 << 20)).expecting("Delete")
        let objects = document.children("Object")
        guard (1...1000).contains(objects.count), objects.allSatisfy({ $0["Key"]?.isEmpty == false }) else {
            throw S3Error(
                .malformedXML, "Delete holds between 1 and 1,000 of Object", ["count": objects.count])
        }
        let isQuiet = document["Quiet"] == "true"
        var together: [XMLElement] = []
        var alone: [XMLElement] = []
        var result = DeleteResult()
        for object in objects {
            let key = object["Key"] ?? ""
            do {
                try principal.require(.storageWrite, on: .object(bucket, key))
                try ForwardedKey.check(key)
                guard object["VersionId"].map({ $0 == "null" }) ?? true else {
                    throw S3Error(.notImplemented, "objects have no versions", ["key": key])
                }
                if S3BlobStore.isWritableInXML(key) { together.append(object) } else { alone.append(object) }
            } catch {
                result.failed.append((key, S3Failure(error)))
            }
        }
        var others: [XMLElement] = []
        if !together.isEmpty {
            let response = try await send(deletion(of: together, isQuiet: isQuiet, passage), over: passage)
            let body = try await response.collect(limit: ForwardedDocument.byteLimit)
            guard response.status == 200 else { return try refusal(response.status, body, passage) }
            others = try ForwardedDocument(body, of: bucket, passage).root.children
        }
        for object in alone {
            let key = object["Key"] ?? ""
            do {
                try await deleteAlone(object, over: passage)
                result.deleted.append(key)
            } catch let error as S3Error {
                result.failed.append((key, S3Failure(error)))
            }
        }
        return xml { result.write(to: &$0, isQuiet: isQuiet, others: others) }
    }

    /// What an object's member becomes as a header of a request of its own.
    private static let conditions = [
        ("ETag", "if-match"), ("LastModifiedTime", "x-amz-if-match-last-modified-time"),
        ("Size", "x-amz-if-match-size"),
    ]

    private func deletion(
        of objects: [XMLElement], isQuiet: Bool, _ passage: S3Passage
    ) -> S3Passage.Call {
        var xml = XMLWriter()
        xml.element("Delete") { xml in
            if isQuiet { xml.text("Quiet", "true") }
            for object in objects {
                xml.element("Object") { xml in
                    xml.text("Key", passage.prefix(ofBucket: bucket) + (object["Key"] ?? ""))
                    for (name, _) in Self.conditions {
                        if let value = object[name] { xml.text(name, value) }
                    }
                }
            }
        }
        let bytes = xml.document
        var call = S3Passage.Call(
            method: "POST", bucket: bucket, key: nil, query: [("delete", nil)],
            headers: [
                ("content-type", "application/xml"), ("content-md5", Base64.encode(MD5.hash(bytes))),
            ], payloadHash: Hex.encode(SHA256.hash(bytes)))
        call.body = bytes
        return call
    }

    /// - Errors: `S3-201`; `S3-302` unless the object is gone.
    private func deleteAlone(_ object: XMLElement, over passage: S3Passage) async throws {
        let headers = Self.conditions.compactMap { name, header in object[name].map { (header, $0) } }
        let call = S3Passage.Call(
            method: "DELETE", bucket: bucket, key: object["Key"] ?? "", headers: headers,
            payloadHash: Hex.encode(SHA256.hash([])))
        let response = try await send(call, over: passage)
        let body = try await response.collect(limit: 64 << 10)
        if [200, 204].contains(response.status) { return }
        if response.status == 412 {
            throw S3Error(.preconditionFailed, "the object is not as the request wants it")
        }
        let code = body.isEmpty ? nil : try ForwardedDocument(body, of: bucket, passage).root["Code"]
        guard response.status == 404, code == "NoSuchKey" else {
            throw S3Error(
                .storeRefused, "the store behind does not delete the object",
                ["status": response.status, "code": code ?? ""])
        }
    }
}
