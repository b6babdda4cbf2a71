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
        let keys = document.children("Object").compactMap { $0["Key"] }.filter { !$0.isEmpty }
        guard (1...1000).contains(keys.count), keys.count == document.children("Object").count else {
            throw S3Error(.malformedXML, "Delete holds between 1 and 1,000 of Object", ["count": keys.count])
        }
        let isQuiet = document["Quiet"] == "true"
        var together: [String] = []
        var alone: [String] = []
        var result = DeleteResult()
        for key in keys {
            do {
                try principal.require(.storageWrite, on: .object(bucket, key))
                try ForwardedKey.check(key)
                if S3BlobStore.isWritableInXML(key) { together.append(key) } else { alone.append(key) }
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
        for key in alone {
            do {
                try await deleteAlone(key, over: passage)
                result.deleted.append(key)
            } catch let error as S3Error {
                result.failed.append((key, S3Failure(error)))
            }
        }
        return xml { result.write(to: &$0, isQuiet: isQuiet, others: others) }
    }

    private func deletion(of keys: [String], isQuiet: Bool, _ passage: S3Passage) -> S3Passage.Call {
        var xml = XMLWriter()
        xml.element("Delete") { xml in
            if isQuiet { xml.text("Quiet", "true") }
            for key in keys {
                xml.element("Object") { $0.text("Key", passage.prefix(ofBucket: bucket) + key) }
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

    /// - Errors: `S3-302` unless the object is gone.
    private func deleteAlone(_ key: String, over passage: S3Passage) async throws {
        let call = S3Passage.Call(
            method: "DELETE", bucket: bucket, key: key, payloadHash: Hex.encode(SHA256.hash([])))
        let response = try await send(call, over: passage)
        let body = try await response.collect(limit: 64 << 10)
        if [200, 204].contains(response.status) { return }
        let code = body.isEmpty ? nil : try ForwardedDocument(body, of: bucket, passage).root["Code"]
        guard response.status == 404, code == "NoSuchKey" else {
            throw S3Error(
                .storeRefused, "the store behind does not delete the object",
                ["status": response.status, "code": code ?? ""])
        }
    }
}
